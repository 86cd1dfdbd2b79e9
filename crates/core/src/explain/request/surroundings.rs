//! What the caller knows beside the request itself: text that was not understood, cookies that a browser would not send, and
//! the paths of other files. The readers of pasted input, the console and the proxy fill it; the judgement only reads it.

/// What is known around a request. Empty where the request is all there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Parts of the input that were not understood, one entry for each. Where any is left, nothing that depends on the absence of
    /// a value is called proven, and the explanation lists them.
    pub ignored: Vec<String>,
    /// Cookies of `Set-Cookie` headers that a browser would not send with this request.
    pub unsent_cookies: Vec<UnsentCookie>,
    /// Paths of files that exist at the same place or were requested before, each with its leading `/` and without a query: what
    /// may have been signed in place of the path that was requested. At most [`MAX_KNOWN_PATHS`] are used.
    pub known_paths: Vec<String>,
}

/// A cookie that was set, and that a browser would not send with this request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsentCookie {
    /// Its name, such as `CloudFront-Policy`.
    pub name: String,
    /// Why it isn't sent.
    pub reason: UnsentReason,
    /// Whether every browser decides so; else the cause is only called likely.
    pub is_certain: bool,
}

/// Why a browser doesn't send a cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnsentReason {
    /// An attribute stands where the name of the cookie has to be, so that the browser stores a cookie of that name.
    AttributeFirst {
        /// The attribute as it was written, such as `Domain=media.example.com`.
        attribute: String,
    },
    /// One attribute keeps the cookie from being stored or sent.
    Attribute {
        /// The attribute as it was written, such as `Path=/other`.
        attribute: String,
        /// Why, as what follows "because": `/dir/a.jpg is not below /other`.
        because: String,
    },
}

impl Surroundings {
    /// Nothing beside the request.
    pub const NONE: &'static Self =
        &Self { ignored: Vec::new(), unsent_cookies: Vec::new(), known_paths: Vec::new() };
}

/// More paths would crowd other changes out of the search.
pub const MAX_KNOWN_PATHS: usize = 200;
