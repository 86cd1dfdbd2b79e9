#!/bin/sh
# Tests of a project in any language. `frontgate test` passes the edge's URL and key in the environment.
#
#   frontgate test -- sh e2e.sh
set -eu

url=$FRONTGATE_URL/film.mp4
end=2000000000
policy='{"Statement":[{"Resource":"'$url'","Condition":{"DateLessThan":{"AWS:EpochTime":'$end'}}}]}'
signature=$(printf %s "$policy" | openssl dgst -sha1 -sign "$FRONTGATE_PRIVATE_KEY_FILE" | openssl base64 -A | tr '+=/' '-_~')
link="$url?Expires=$end&Signature=$signature&Key-Pair-Id=$FRONTGATE_KEY_PAIR_ID"

# Prints the outcome of a request: `allowed`, or the reason of the denial.
outcome() {
    reason=$(curl -sS --noproxy '*' -D - -o /dev/null "$@" | tr -d '\r' | sed -n 's/^X-Frontgate-Reason: //p')
    echo "${reason:-allowed}"
}

expect() {
    [ "$2" = "$3" ] || { echo "$1: expected $2, found $3" >&2; exit 1; }
    echo "ok: $1"
}

expect "a link is allowed" "allowed" "$(outcome "$link")"
expect "also in its last second" "allowed" "$(outcome "$link" -H "X-Frontgate-Now: $((end - 1))")"
expect "denied at its end" "expired" "$(outcome "$link" -H "X-Frontgate-Now: $end")"
expect "denied for another film" "signature-mismatch" "$(outcome "$FRONTGATE_URL/song.mp4${link#"$url"}")"
expect "denied without a signature" "missing-key-pair-id" "$(outcome "$url")"
