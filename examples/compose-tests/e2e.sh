#!/bin/sh
# Tests of a project in whatever language it likes; `frontgate test` has put the edge into its environment.
#
#   frontgate test -- sh e2e.sh
set -eu

url=$FRONTGATE_URL/film.mp4
end=2000000000
policy='{"Statement":[{"Resource":"'$url'","Condition":{"DateLessThan":{"AWS:EpochTime":'$end'}}}]}'
signature=$(printf %s "$policy" | openssl dgst -sha1 -sign "$FRONTGATE_PRIVATE_KEY_FILE" | openssl base64 -A | tr '+=/' '-_~')
link="$url?Expires=$end&Signature=$signature&Key-Pair-Id=$FRONTGATE_KEY_PAIR_ID"

# What became of a request: `let through`, or why not.
asked() {
    reason=$(curl -sS --noproxy '*' -D - -o /dev/null "$@" | tr -d '\r' | sed -n 's/^X-Frontgate-Reason: //p')
    echo "${reason:-let through}"
}

expect() {
    [ "$2" = "$3" ] || { echo "$1: expected $2, found $3" >&2; exit 1; }
    echo "ok: $1"
}

expect "a link opens" "let through" "$(asked "$link")"
expect "in its last second" "let through" "$(asked "$link" -H "X-Frontgate-Now: $((end - 1))")"
expect "and not at its end" "expired" "$(asked "$link" -H "X-Frontgate-Now: $end")"
expect "nor for another film" "signature-mismatch" "$(asked "$FRONTGATE_URL/song.mp4${link#"$url"}")"
expect "nor unsigned" "missing-key-pair-id" "$(asked "$url")"
