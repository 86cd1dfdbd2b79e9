//! Paths of the kind that origins read in other ways than they were sent, made from a grammar.

/// Every path that had private content before its reading was known, and what is near it. Each is read as `/members/…` by
/// some origin.
pub(super) const OPENED: [&str; 30] = [
    "//x/members/secret.txt",
    "/\\x/members/secret.txt",
    "///x/members/secret.txt",
    "////x/members/secret.txt",
    "/\\/x/members/secret.txt",
    "//[::1]:1/members/secret.txt",
    "//u:p@x:1/members/secret.txt",
    "//u@x/members/secret.txt",
    "//x:80/members/secret.txt",
    "//%00/members/secret.txt",
    "//localhost/members/x",
    "//x/%6dembers/secret.txt",
    "//x\\members\\secret.txt",
    "//x/public/../members/secret.txt",
    "//x/public/%2e%2e/members/secret.txt",
    "/%2Fx/members/secret.txt",
    "/%5Cx/members/secret.txt",
    "/%09/x/members/secret.txt",
    "/members%2fsecret.txt",
    "/public/..%2fmembers/secret.txt",
    "/public/..;/members/secret.txt",
    "/public/..;v=1/members/secret.txt;x=y",
    "/public/../members/secret.txt",
    "/public/%2e%2e/members/secret.txt",
    "/public\\..\\members\\secret.txt",
    "/public//../members/secret.txt",
    "//members/secret.txt",
    "/./members/secret.txt",
    "/;/members/secret.txt;.css",
    "/members/secret.txt%3F.css",
];

const LEADS: [&str; 16] = [
    "/", "/", "//", "///", "/\\", "/./", "/.//", "/;/", "/%2f", "/%2F/", "/%5c", "/x/..//", "/%09/", "/%2e/",
    "/..", "/%00/",
];
const AUTHORITIES: [&str; 14] = [
    "x",
    "u@x",
    "u:p@x:1",
    "[::1]:1",
    "x:80",
    "%00",
    "localhost",
    ".",
    "..",
    "x;v=1",
    "%78",
    "x%2f",
    "a@b@c",
    "public",
];
const SEPARATORS: [&str; 14] =
    ["/", "/", "/", "//", "%2f", "%2F", "\\", "%5c", "/./", "/;/", "%252f", "/%2e/", "/%00/", "/.;/"];
const UPS: [&str; 12] = [
    "..",
    "%2e%2e",
    ".%2e",
    "%2E.",
    "..;",
    "..;v=1",
    "..%00",
    "%252e%252e",
    "..%3b",
    "..%5c",
    "..\\",
    "%c0%ae%c0%ae",
];
const FOLDERS: [&str; 14] = [
    "members",
    "members",
    "members",
    "%6dembers",
    "%6Dember%73",
    "members;v=1",
    "members%3bx",
    "m%09embers",
    "members%20",
    "hls",
    "members.",
    "m%65mbers",
    "me%0ambers",
    "%256dembers",
];
const FILES: [&str; 22] = [
    "secret.txt",
    "secret.txt",
    "secret.txt",
    "secret%2etxt",
    "secret.txt;.css",
    "secret.txt;.jpg",
    "secret.txt%3b.jpg",
    "secret.txt%00.css",
    "secret.txt%00.jpg",
    "secret.txt%3f.css",
    "secret.txt%3f.jpg",
    "secret.txt%23.jpg",
    "secret.txt/",
    "secret.txt/.",
    "secret.txt%20",
    "secret.txt/x.css",
    "secret.txt;/x.jpg",
    "x.css/../secret.txt",
    "x.jpg%2f..%2fsecret.txt",
    "playlist.m3u8",
    "x.jpg/..;/secret.txt",
    "%ef%bc%8e%2fsecret.txt",
];
const NOISE: [&str; 24] = [
    "/", "//", "\\", ".", "..", ";", ";v=1", "%2f", "%5c", "%2e", "%3b", "%00", "%09", "%3f", "%23", "%25",
    "%252f", "a", "public", "x.css", "x.jpg", "@", ":80", "%c3%a9",
];

/// The paths above, and as many more as are missing, each once. The same seed makes the same ones.
pub(super) fn generated(count: usize, seed: u64) -> Vec<String> {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut paths: Vec<String> = OPENED.iter().map(|path| (*path).to_owned()).collect();
    let mut seen: std::collections::HashSet<String> = paths.iter().cloned().collect();
    while paths.len() < count {
        let path = random.path();
        if seen.insert(path.clone()) {
            paths.push(path);
        }
    }
    paths
}

/// Marsaglia's xorshift, so that the paths don't depend on a library's version.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        let at = self.next() % u64::try_from(list.len()).expect("small");
        list[usize::try_from(at).expect("small")]
    }

    fn path(&mut self) -> String {
        let target = format!("{}{}{}", self.of(&FOLDERS), self.of(&SEPARATORS), self.of(&FILES));
        match self.next() % 5 {
            0 => format!("{}{}{}{target}", self.of(&LEADS), self.of(&AUTHORITIES), self.of(&SEPARATORS)),
            1 => format!(
                "{}public{}{}{}{target}",
                self.of(&LEADS),
                self.of(&SEPARATORS),
                self.of(&UPS),
                self.of(&SEPARATORS)
            ),
            2 => format!("{}{target}", self.of(&LEADS)),
            3 => {
                let noise: String = (0..1 + self.next() % 5).map(|_| self.of(&NOISE)).collect();
                format!("{}{noise}{}{target}", self.of(&LEADS), self.of(&SEPARATORS))
            }
            _ => {
                let up = self.of(&UPS);
                let authority = self.of(&AUTHORITIES);
                let separators: [&str; 3] = std::array::from_fn(|_| self.of(&SEPARATORS));
                format!(
                    "{}{authority}{}a{}{up}{}{target}",
                    self.of(&LEADS),
                    separators[0],
                    separators[1],
                    separators[2]
                )
            }
        }
    }
}
