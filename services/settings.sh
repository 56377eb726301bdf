# Settings of the services that have no Python: read, checked, filled into templates.
# Sourced by services/nginx/render.sh and services/pgbouncer/render.sh; POSIX sh and awk only.
# A bad value is one line that names the variable, the value and what is allowed.

problems=0

complain() { # complain "sentence"
    printf '%s\n' "$1" >&2
    problems=$((problems + 1))
}

value_of() { eval "printf '%s' \"\${$1-}\""; } # only ever given names written in our own scripts

default() { # default NAME VALUE: an empty setting counts as absent
    [ -n "$(value_of "$1")" ] || eval "$1=\$2"
    export "${1?}"
}

secret() { # secret NAME: NAME itself, or the file that NAME_FILE names, as Docker secrets need
    secret_file=$(value_of "$1_FILE")
    if [ -z "$(value_of "$1")" ] && [ -n "$secret_file" ]; then
        if [ -r "$secret_file" ]; then
            eval "$1=\$(cat \"\$secret_file\")"
        else
            complain "$1_FILE='$secret_file' is not usable: allowed is a readable file"
        fi
    fi
    eval "$1=\${$1-}"
    export "${1?}"
}

whole() { # whole NAME LEAST MOST
    given=$(value_of "$1")
    case $given in
        '' | *[!0-9]* | ??????????????*) ;;
        *) [ "$given" -ge "$2" ] && [ "$given" -le "$3" ] && return ;;
    esac
    complain "$1='$given' is not usable: allowed is a whole number, $2 to $3"
}

port() { whole "$1" 1 65535; }

matching() { # matching NAME PATTERN "what is allowed": the whole value, on one line
    given=$(value_of "$1")
    if ! GIVEN=$given awk -v pattern="^($2)\$" 'BEGIN { exit !(ENVIRON["GIVEN"] ~ pattern && ENVIRON["GIVEN"] !~ /\n/) }'; then
        complain "$1='$given' is not usable: allowed is $3"
    fi
}

host() { matching "$1" '[A-Za-z0-9_.:-]+' 'a host name or an address'; }
name() { matching "$1" '[A-Za-z0-9_.-]+' 'letters, digits, _ . and -'; }
folder() { matching "$1" '/[^"\\$;{}]*' 'an absolute path without " \ $ ; { }'; }

one_line() { # one_line NAME: a secret may hold anything but a line break, and is never shown
    case $(value_of "$1") in
        *'
'*) complain "$1=(hidden) is not usable: allowed is one line" ;;
    esac
}

settled() { # stop here if anything was wrong
    [ "$problems" -eq 0 ] || exit 1
}

fill() { # fill TEMPLATE > FILE: every @NAME@ becomes the variable's value; an unknown one stops
    awk '
        {
            rest = $0; line = ""
            while (match(rest, /@[A-Z][A-Z0-9_]*@/)) {
                name = substr(rest, RSTART + 1, RLENGTH - 2)
                if (!(name in ENVIRON)) { print FILENAME ": nothing is known of " name > "/dev/stderr"; exit 1 }
                line = line substr(rest, 1, RSTART - 1) ENVIRON[name]
                rest = substr(rest, RSTART + RLENGTH)
            }
            print line rest
        }
    ' "$1"
}
