//! The steps by which an origin may rewrite a path before it uses it.

/// One way in which an origin rewrites a path before it uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RewriteStep {
    /// `\` is `/`: Node's `new URL()` and `url.parse()`, browsers, Caddy and IIS on Windows.
    TurnBackslashes,
    /// `;…` is cut out of each segment: Tomcat, Jetty and other servlet containers.
    DropParameters,
    /// `//` is `/`: nginx (`merge_slashes`), Apache (`MergeSlashes`), Caddy, Go's `ServeMux`, Werkzeug, file systems.
    MergeSlashes,
    /// What follows leading slashes is a host, and the path begins behind it (RFC 3986 section 4.2, a reference that
    /// begins with `//`): Node's `new URL(req.url, base)`, `url.parse()` where the host has a user, PHP's `parse_url()`,
    /// Java's `URI`, Ruby's `URI`, Python's `urlsplit()`.
    DropAuthority,
    /// `.` and `..` are resolved (RFC 3986 section 5.2.4): nearly all, before or after the other steps.
    ResolveDots,
    /// Everything behind NUL, `?` or `#` is cut off, where these were percent-encoded: programs that decode before they
    /// parse (`new URL(decodeURIComponent(req.url), base)`) or that pass the path to C.
    CutOff,
    /// TAB, LF and CR are removed, and at the end control characters and spaces, where these were percent-encoded: programs
    /// that decode before they parse (the URL standard; Python's `urlsplit()`).
    StripBlanks,
    /// Percent-encoded bytes are decoded: nearly all.
    Decode,
    /// The same but for `%2F`, which stays: Apache with `AllowEncodedSlashes NoDecode`, Kestrel, Tomcat with
    /// `encodedSolidusHandling="passthrough"`.
    DecodeButSlashes,
}
