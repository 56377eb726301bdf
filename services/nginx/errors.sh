# The errors Nginx makes by itself, in the three forms the workers speak. Sourced by render.sh.
# An internal address each, never a named location: those cannot answer a malformed request.

problem() { # problem STATUS CODE "Title" "Detail, without quotes or dollars." [HEADER VALUE]
    problem_headers="
    add_header Cache-Control no-store always;"
    # A range is found wrong after the picture's own headers were made: they stay.
    [ "$1" -eq 416 ] || problem_headers="$problem_headers
    add_header X-Content-Type-Options nosniff always;
    add_header X-Request-ID \$kept_request_id always;
    include \"$here/snippets/cors.conf\";"
    problem_page_headers="
    include \"$here/snippets/page.conf\";
    include \"$here/snippets/cors.conf\";"
    if [ $# -gt 4 ]; then
        problem_headers="$problem_headers
    add_header $5 \"$6\" always;"
        problem_page_headers="$problem_page_headers
    add_header $5 \"$6\" always;"
    fi
    problem_location "$1" json application/problem+json "$problem_headers" \
        "{\"type\":\"about:blank\",\"title\":\"$3\",\"status\":$1,\"detail\":\"$4\",\"code\":\"$2\"}"
    problem_location "$1" text text/plain "$problem_headers" "$4\\n"
    problem_location "$1" html text/html "$problem_page_headers" "$(problem_page "$3" "$4")"
}

problem_page() { # problem_page TITLE DETAIL: the workers' own page, from the same templates, as an Nginx string
    TITLE=$1 DETAIL=$2 awk '
        function put(text, mark, value,    at) {
            while ((at = index(text, mark)) > 0)
                text = substr(text, 1, at - 1) value substr(text, at + length(mark))
            return text
        }
        FNR == 1 { file++ }
        file == 1 { layout = layout $0 "\n" }
        file == 2 { message = message $0 "\n" }
        END {
            page = put(layout, "$content", put(message, "$detail", ENVIRON["DETAIL"]))
            page = put(page, "$title", ENVIRON["TITLE"])
            gsub(/\\/, "\\\\", page)
            gsub(/\047/, "\\\047", page)
            printf "%s", page
        }
    ' "$FRONTEND_DIR/templates/layout.html" "$FRONTEND_DIR/templates/message.html"
}

problem_location() { # problem_location STATUS FORM TYPE HEADERS BODY
    cat <<END
location = /_error/$2/$1 {
    internal;
    default_type $3;$4
    return $1 '$5';
}
END
}

size_in_words() { # size_in_words BYTES: "20 MiB", or bytes where that is not exact
    if [ $(($1 % 1048576)) -eq 0 ]; then
        printf '%s MiB' $(($1 / 1048576))
    else
        printf '%s bytes' "$1"
    fi
}

error_pages() { # which error is told where
    for status in 400 403 404 405 411 412 413 414 421 429 501 502 503 504 505; do
        echo "error_page $status /_error/\$error_form/$status;"
    done
    # Only programs ask for ranges; and the picture's policy, sent already, would break a page.
    echo "error_page 416 /_error/json/416;"
    # Nginx's own number for headers over the limit, shown as 400 by default.
    echo "error_page 494 =431 /_error/\$error_form/431;"
    # What goes wrong inside Nginx itself is a body that could not be kept: the disk is full.
    echo "error_page 500 =507 /_error/\$error_form/507;"
}

errors() { # errors MAX_FILE_SIZE
    problem 400 bad_request 'Bad Request' 'The request is not well-formed HTTP.'
    problem 403 forbidden 'Forbidden' 'This may not be read.'
    problem 404 not_found 'Not Found' 'There is nothing here.'
    problem 405 method_not_allowed 'Method Not Allowed' 'This method is not used here.' Allow 'GET, HEAD, POST, PUT, DELETE, OPTIONS'
    problem 411 bad_request 'Length Required' 'The request has a body of unknown length.'
    problem 412 precondition_failed 'Precondition Failed' 'The file has changed.'
    problem 413 file_too_large 'Content Too Large' "A picture may have at most $(size_in_words "$1"), a request at most 20 pictures."
    problem 414 uri_too_long 'URI Too Long' 'The address is longer than 8 KiB.'
    problem 416 range_not_satisfiable 'Range Not Satisfiable' 'The range asked for lies outside the file.'
    problem 421 bad_request 'Misdirected Request' 'The request is for another server.'
    problem 429 rate_limited 'Too Many Requests' 'Too many requests at once come from your address.' Retry-After 1
    problem 431 headers_too_large 'Request Header Fields Too Large' 'A header is longer than 8 KiB, or all are longer than 32 KiB.'
    problem 501 not_implemented 'Not Implemented' 'This transfer coding is not known here.'
    problem 502 unavailable 'Bad Gateway' 'The service is starting or overloaded. Please try again in a moment.' Retry-After 2
    problem 503 unavailable 'Service Unavailable' 'The service is overloaded. Please try again in a moment.' Retry-After 2
    problem 504 unavailable 'Gateway Timeout' 'The service took too long. Please try again in a moment.' Retry-After 5
    problem 505 version_not_supported 'HTTP Version Not Supported' 'HTTP/1.0 and HTTP/1.1 are spoken here.'
    problem 507 insufficient_storage 'Insufficient Storage' 'There is no room left for the upload. Please try again later.' Retry-After 60
}
