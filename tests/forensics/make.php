<?php
// Links and cookies gone wrong, each made by what PHP itself brings: one JSON object a line.
// FRONTGATE_KEYS is a JSON object of key names, each with the id under which links name it and its PEM files.

const HOST = 'd111111abcdef8.cloudfront.net';
const BASE = 'https://' . HOST;
const URL = BASE . '/a.mp4';
const END = 1990000000;

$keys = json_decode(getenv('FRONTGATE_KEYS'), true);

function id(string $key = 'rsa'): string
{
    global $keys;
    return $keys[$key]['id'];
}

function sign(string $message, int|string $algorithm = OPENSSL_ALGO_SHA1): string
{
    global $keys;
    openssl_sign($message, $signature, file_get_contents($keys['rsa']['private']), $algorithm);
    return $signature;
}

function cf64(string $data): string
{
    return str_replace(['+', '=', '/'], ['-', '_', '~'], base64_encode($data));
}

function policy(string $url, int|string $expires = END): array
{
    return ['Statement' => [['Resource' => $url, 'Condition' => ['DateLessThan' => ['AWS:EpochTime' => $expires]]]]];
}

function canned(string $url, int $expires = END): string
{
    return json_encode(policy($url, $expires), JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);
}

function link_of(string $url, string $signature, int $expires = END): string
{
    $separator = str_contains($url, '?') ? '&' : '?';
    return $url . $separator . "Expires=$expires&Signature=" . cf64($signature) . '&Key-Pair-Id=' . id();
}

/** The first signature with the characters that the mistake needs: keys differ per machine. */
function signature_with(string $characters, callable $message): array
{
    for ($expires = END;; $expires++) {
        $signature = sign($message($expires));
        if (array_reduce(str_split($characters), fn($all, $one) => $all && str_contains(base64_encode($signature), $one), true)) {
            return [$expires, $signature];
        }
    }
}

$cases = [
    'valid-php-urlencoded-values' => function () {
        [$expires, $signature] = signature_with('/', fn($expires) => canned(URL, $expires));
        // urlencode() writes ~ as it is since 5.3; http_build_query's older encoding didn't, nor does URLSearchParams.
        $value = str_replace('~', '%7E', cf64($signature));
        return URL . "?Expires=$expires&Signature=$value&Key-Pair-Id=" . id();
    },
    'php-json-encode-slashes' => fn() => link_of(URL, sign(json_encode(policy(URL)))),
    'php-json-encode-slashes-sent-clean' => function () {
        $sent = canned(BASE . '/*');
        $signature = cf64(sign(json_encode(policy(BASE . '/*'))));
        return URL . '?Policy=' . cf64($sent) . "&Signature=$signature&Key-Pair-Id=" . id();
    },
    'php-json-encode-unicode' => function () {
        $url = BASE . '/été.mp4';
        $sent = BASE . '/' . rawurlencode('été.mp4');
        return link_of($sent, sign(json_encode(policy($url), JSON_UNESCAPED_SLASHES)));
    },
    'php-json-pretty-print' => fn() => link_of(URL, sign(json_encode(policy(URL), JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES))),
    'php-statement-object' => function () {
        $policy = ['Statement' => policy(URL)['Statement'][0]];
        return link_of(URL, sign(json_encode($policy, JSON_UNESCAPED_SLASHES)));
    },
    'php-quoted-number' => fn() => link_of(URL, sign(json_encode(policy(URL, (string) END), JSON_UNESCAPED_SLASHES))),
    'php-urlencode-path' => fn() => link_of(BASE . '/' . rawurlencode('a b.mp4'), sign(canned(BASE . '/' . urlencode('a b.mp4')))),
    'php-sdk-raw-space' => fn() => link_of(BASE . '/a%20b.mp4', sign(canned(BASE . '/a b.mp4'))),
    'php-build-query' => function () {
        $query = http_build_query(['title' => 'a b', 'when' => '10:30']);
        return link_of(URL . "?$query", sign(canned(URL . '?title=a%20b&when=10:30')));
    },
    'php-htmlspecialchars' => fn() => htmlspecialchars(link_of(URL, sign(canned(URL)))),
    'php-md5' => fn() => link_of(URL, sign(canned(URL), OPENSSL_ALGO_MD5)),
    'php-sha256' => fn() => link_of(URL, sign(canned(URL), OPENSSL_ALGO_SHA256)),
    'php-build-query-plain-base64' => function () {
        [$expires, $signature] = signature_with('+/=', fn($expires) => canned(URL, $expires));
        return URL . '?' . http_build_query(['Expires' => $expires, 'Signature' => base64_encode($signature), 'Key-Pair-Id' => id()]);
    },
    'php-setcookie-encodes' => function () {
        // setcookie() percent-encodes the value; given one that is encoded already, it does so twice.
        [$expires, $signature] = signature_with('+/=', fn($expires) => canned(URL, $expires));
        $value = rawurlencode(urlencode(base64_encode($signature)));
        return ['url' => URL, 'cookies' => ["CloudFront-Expires=$expires; CloudFront-Signature=$value; CloudFront-Key-Pair-Id=" . id()]];
    },
    'php-chunk-split' => function () {
        $lines = chunk_split(base64_encode(sign(canned(URL))), 76, "\r\n");
        $value = rawurlencode(str_replace(['+', '=', '/'], ['-', '_', '~'], $lines));
        return URL . '?Expires=' . END . "&Signature=$value&Key-Pair-Id=" . id();
    },
    'php-bin2hex' => fn() => URL . '?Expires=' . END . '&Signature=' . bin2hex(sign(canned(URL))) . '&Key-Pair-Id=' . id(),
    'php-sha1-signed' => fn() => link_of(URL, sign(sha1(canned(URL)))),
    'php-raw-sha1-signed' => fn() => link_of(URL, sign(sha1(canned(URL), true))),
    'php-slashes-and-http' => function () {
        $http = 'http://' . HOST . '/a.mp4';
        return link_of(URL, sign(json_encode(policy($http))));
    },
    'php-form-decoded' => function () {
        [$expires, $signature] = signature_with('+', fn($expires) => canned(URL, $expires));
        $value = rawurlencode(urldecode(base64_encode($signature)));
        return URL . "?Expires=$expires&Signature=$value&Key-Pair-Id=" . id();
    },
];

foreach ($cases as $name => $make) {
    $made = $make();
    $made = is_string($made) ? ['url' => $made] : $made;
    echo json_encode(['name' => $name] + $made, JSON_UNESCAPED_SLASHES), "\n";
}
