<?php
// An origin in PHP that routes by parse_url(), as frameworks do.
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if (!is_string($path)) {
    http_response_code(400);
    exit("not a path\n");
}
echo 'READ:' . rawurldecode($path) . "\n";
