// upload.mjs ENDPOINT FILE [UPLOAD]: uploads FILE to ENDPOINT, or goes on with UPLOAD. Prints what
// became of it: {"upload", "image", "error"}.
import { readFileSync } from "node:fs";
import { Upload } from "tus-js-client";

const [endpoint, file, uploadUrl] = process.argv.slice(2);
const tell = (told) => console.log(JSON.stringify({ upload: upload.url, ...told }));

const upload = new Upload(readFileSync(file), {
  endpoint,
  uploadUrl: uploadUrl ?? null,
  retryDelays: uploadUrl ? [0, 500, 1000, 2000, 4000] : null,
  metadata: { filename: "Straße.png", filetype: "image/png", collection: "pieces" },
  onSuccess: ({ lastResponse }) => tell({ image: lastResponse.getHeader("Upload-Image") }),
  onError: (error) => tell({ error: String(error) }),
});
upload.start();
