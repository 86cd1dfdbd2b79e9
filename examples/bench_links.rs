//! Signed links in numbers, and what one verification costs: what `bench/` drives the proxies with.
//!
//! `bench_links make FOLDER COUNTS…` writes keys and files of request targets, one a line; `bench_links verify` prints
//! the CPU time of one verification as JSON (Linux only). `bench/links.py` calls both.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::thread;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use frontgate::access::encoding;
use frontgate::distribution::key::{HashAlgorithm, KeyTolerance, PublicKey, PublicKeyId};
use frontgate::epoch::EpochSeconds;
use frontgate::sign::{PrivateKey, Terms, signed_url, signing_values};
use p256::pkcs8::EncodePrivateKey;

/// What a call of `make` is asked for: how many links of each kind.
struct Counts {
    paths: usize,
    rsa: usize,
    eight: usize,
    ecdsa: usize,
}

/// Signs a URL and gives the link without its base.
type Signer<'a> = dyn Fn(&str, &str) -> Result<String, Box<dyn Error + Send + Sync>> + Sync + 'a;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["make", folder, paths, rsa, eight, ecdsa] => {
            let counts = Counts {
                paths: paths.parse()?,
                rsa: rsa.parse()?,
                eight: eight.parse()?,
                ecdsa: ecdsa.parse()?,
            };
            make(Path::new(folder), &counts)
        }
        ["verify", rounds] => verify(rounds.parse()?),
        _ => Err("usage: bench_links make FOLDER PATHS RSA EIGHT ECDSA | bench_links verify ROUNDS".into()),
    }
}

fn make(folder: &Path, counts: &Counts) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let (rsa, ecdsa) = (PrivateKey::generate_rsa()?, PrivateKey::generate_ecdsa()?);
    fs::write(folder.join("rsa.public.pem"), rsa.public_pem()?)?;
    fs::write(folder.join("ecdsa.public.pem"), ecdsa.public_pem()?)?;
    let with_rsa = |path: &str, url: &str| {
        let values = signing_values(url, &CANNED, &rsa, "KRSA", HashAlgorithm::Sha1)?;
        Ok(signed_url(path, &values))
    };
    let fast = fast_signer(&ecdsa)?;
    let with_ecdsa = |path: &str, url: &str| {
        let signature = fast.sign(&SystemRandom::new(), &CANNED.policy(url))?;
        let signature = encoding::encode(signature.as_ref());
        Ok(format!(
            "{path}?Expires={}&Signature={signature}&Key-Pair-Id=KECDSA&Hash-Algorithm=SHA256",
            EXPIRES.0
        ))
    };

    let public: Vec<String> = (0..counts.paths).map(|number| format!("/public/item-{number}.bin")).collect();
    let wildcard = wildcard_links(&rsa, counts.paths)?;
    let one = canned_links(&with_rsa, counts.rsa, |_| 0)?;
    let last = canned_links(&with_rsa, counts.eight, |_| BASES.len() - 1)?;
    let varying = canned_links(&with_rsa, counts.eight, scattered)?;
    let half_forged: Vec<String> = one
        .iter()
        .zip(wildcard.iter().cycle())
        .flat_map(|(link, good)| [good.clone(), forged(link)])
        .collect();
    let of_ecdsa = canned_links(&with_ecdsa, counts.ecdsa, |_| 0)?;

    write_lines(folder, "bases.txt", &BASES.map(str::to_owned))?;
    write_lines(folder, "public.txt", &public)?;
    write_lines(folder, "wildcard.txt", &wildcard)?;
    write_lines(folder, "canned.txt", &one)?;
    write_lines(folder, "canned-last.txt", &last)?;
    write_lines(folder, "canned-varying.txt", &varying)?;
    write_lines(folder, "half-forged.txt", &half_forged)?;
    write_lines(folder, "canned-ecdsa.txt", &of_ecdsa)
}

/// One policy for all paths, so its signature is one.
fn wildcard_links(key: &PrivateKey, count: usize) -> Result<Vec<String>, Box<dyn Error>> {
    let resource = format!("{}/*", BASES[0]);
    let terms = Terms::new(&resource, EXPIRES, None, None, Some(&resource));
    let values = signing_values(&resource, &terms, key, "KRSA", HashAlgorithm::Sha1)?;
    Ok((0..count).map(|number| signed_url(&format!("/private/item-{number}.bin"), &values)).collect())
}

/// P-256 links are made by the million: aws-lc-rs signs twenty times as fast as `p256`, with SHA-256 only.
fn fast_signer(key: &PrivateKey) -> Result<EcdsaKeyPair, Box<dyn Error>> {
    let PrivateKey::Ecdsa(key) = key else { return Err("not a P-256 key".into()) };
    Ok(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.to_pkcs8_der()?.as_bytes())?)
}

/// Links of which each has its own signature, for bases as chosen. On all cores: one of RSA takes some milliseconds.
fn canned_links(
    sign: &Signer<'_>,
    count: usize,
    base: fn(usize) -> usize,
) -> Result<Vec<String>, Box<dyn Error>> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let link = |number: usize| {
        let path = format!("/private/film-{number}.mp4");
        sign(&path, &format!("{}{path}", BASES[base(number)]))
    };
    let numbers: Vec<usize> = (0..count).collect();
    let parts = thread::scope(|scope| {
        let workers: Vec<_> = numbers
            .chunks(count.div_ceil(threads).max(1))
            .map(|part| {
                scope.spawn(move || part.iter().map(|&number| link(number)).collect::<Result<Vec<_>, _>>())
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().map_err(|_| "a thread failed")).collect::<Vec<_>>()
    });
    let mut links = Vec::with_capacity(count);
    for part in parts {
        links.extend(part?.map_err(|error| error.to_string())?);
    }
    Ok(links)
}

/// A base for a link that the links before it say nothing about: the number with its bits mixed, as SplitMix64 does.
fn scattered(number: usize) -> usize {
    let mut mixed = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) as usize % BASES.len()
}

/// A link whose signature has the right form and length, and fits nothing: one character in its middle is another.
fn forged(link: &str) -> String {
    let begin = link.find("Signature=").map_or(0, |at| at + "Signature=".len());
    let middle = begin + 200;
    let other = if link.as_bytes().get(middle) == Some(&b'A') { 'B' } else { 'A' };
    format!("{}{other}{}", &link[..middle], &link[middle + 1..])
}

fn write_lines(folder: &Path, name: &str, lines: &[String]) -> Result<(), Box<dyn Error>> {
    let mut file = BufWriter::new(File::create(folder.join(name))?);
    for line in lines {
        writeln!(file, "{line}")?;
    }
    Ok(file.flush()?)
}

/// Prints the CPU time of one verification for each kind of key, in microseconds.
fn verify(rounds: u32) -> Result<(), Box<dyn Error>> {
    let message = CANNED.policy(&format!("{}/private/film-12345.mp4", BASES[0]));
    let mut figures = Vec::new();
    for (name, key, hash) in [
        ("rsa", PrivateKey::generate_rsa()?, HashAlgorithm::Sha1),
        ("ecdsa", PrivateKey::generate_ecdsa()?, HashAlgorithm::Sha256),
    ] {
        let signature = key.sign(hash, &message)?;
        let public = PublicKey::from_pem(PublicKeyId::new("K"), &key.public_pem()?, KeyTolerance::default())?;
        let good = |_: &u32| public.verifies(hash, &message, &signature);
        if !(0..rounds / 10 + 1).all(|round| good(&round)) {
            return Err("a signature doesn't verify".into());
        }
        let before = cpu_nanoseconds()?;
        let verified = (0..rounds).filter(good).count();
        let spent = cpu_nanoseconds()? - before;
        figures.push(format!("\"{name}\": {:.3}", spent as f64 / 1000.0 / verified.max(1) as f64));
    }
    println!("{{{}}}", figures.join(", "));
    Ok(())
}

/// What this thread has used, from the scheduler.
fn cpu_nanoseconds() -> Result<u64, Box<dyn Error>> {
    // The kernel brings the figure up to date when the thread gives up its core.
    thread::yield_now();
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split_whitespace().next().ok_or("an empty schedstat")?.parse()?)
}

/// Eight bases of one host, so that a request for that host has exactly eight candidates.
const BASES: [&str; 8] = [
    "http://media.example.com",
    "https://media.example.com",
    "http://media.example.com:8080",
    "https://media.example.com:8443",
    "http://media.example.com:3000",
    "https://media.example.com:3443",
    "http://media.example.com:5000",
    "https://media.example.com:5443",
];
/// In 2040: links are kept for later runs.
const EXPIRES: EpochSeconds = EpochSeconds(2_208_988_800);
const CANNED: Terms = Terms::Canned { expires: EXPIRES };
