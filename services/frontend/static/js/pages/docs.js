/** The API's description in the viewer; it asks this host only. */

window.SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#reader",
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  syntaxHighlight: { activated: false },
  validatorUrl: null,
});
