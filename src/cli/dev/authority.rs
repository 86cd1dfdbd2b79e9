//! The local certificate authority of `dev --tls`: trusted once by a developer's machine, constrained to its own names.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints, date_time_ymd,
};

use crate::cli::keys::create;
use crate::clock;
use crate::config;
use crate::distribution::key::half::Half;

/// An authority with its key.
#[derive(Debug)]
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate, which browsers have to trust.
    pub(super) file: PathBuf,
    /// Whether browsers may trust it already.
    pub(super) age: Age,
}

/// Where an authority comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// It was there.
    Kept,
    /// It is the first one.
    First,
    /// It was created in place of one that may not vouch for a host of the command line.
    Replacement,
}

impl Authority {
    /// The one of a folder. Where there is none, or where it may not vouch for one of these hosts, a new one is created.
    pub(super) fn open(folder: &Path, hosts: &[String]) -> anyhow::Result<Self> {
        let (file, key_file) = (folder.join("authority.pem"), folder.join("authority.key"));
        let names_file = folder.join("authority.names");
        let mut names = known_names(&names_file)?;
        let wanted = hosts.iter().filter(|host| !is_local(host)).cloned();
        let missing: Vec<String> = wanted.filter(|host| !names.contains(host)).collect();
        let age = match (key_file.exists(), missing.is_empty()) {
            (true, true) => Age::Kept,
            (true, false) => Age::Replacement,
            (false, _) => Age::First,
        };
        if !missing.is_empty() {
            names.extend(missing);
            for stale in [&file, &key_file, &names_file] {
                remove(stale)?;
            }
            let lines: String = names.iter().map(|name| format!("{name}\n")).collect();
            create(&names_file, &lines, 0o644)?;
        }
        let key = match key_file.exists() {
            true => KeyPair::from_pem(&config::read_key_file(&key_file, Half::Private)?)
                .with_context(|| format!("the authority's key {} can't be read", key_file.display()))?,
            false => {
                let key = KeyPair::generate()?;
                create(&key_file, &key.serialize_pem(), 0o600)?;
                key
            }
        };
        let params = params(&names)?;
        // Made of the key and the names: a certificate that is missing can be made again, and is still the one that was
        // trusted.
        if !file.exists() {
            create(&file, &params.self_signed(&key)?.pem(), 0o644)?;
        }
        Ok(Self { issuer: Issuer::new(params, key), file, age })
    }

    /// A certificate for names and addresses, good from yesterday on for as long as browsers take one.
    pub(super) fn issue(&self, names: Vec<String>, key: &KeyPair) -> anyhow::Result<rcgen::Certificate> {
        let common_name = names.first().filter(|name| name.len() <= MAX_COMMON_NAME).cloned();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, common_name.unwrap_or_default());
        params.use_authority_key_identifier_extension = true;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let now = i64::try_from(clock::system().0).context("the clock")?;
        let today = Timestamp::from_second(now)?.to_zoned_datetime(TimeZone::UTC).date();
        let day = |days: i64| -> anyhow::Result<_> {
            let date = today.checked_add(days.days())?;
            let (month, day) = (u8::try_from(date.month())?, u8::try_from(date.day())?);
            Ok(date_time_ymd(i32::from(date.year()), month, day))
        };
        (params.not_before, params.not_after) = (day(-1)?, day(LEAF_DAYS)?);
        Ok(params.signed_by(key, &self.issuer)?)
    }
}

/// Whether every authority of `dev` may vouch for a host: names of this machine and its loopback addresses.
pub(super) fn is_local(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_loopback(),
        Ok(IpAddr::V6(address)) => address == Ipv6Addr::LOCALHOST,
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// One that can vouch for these names and this machine's own and for nothing else, whatever becomes of its key.
fn params(names: &BTreeSet<String>) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new([])?;
    params.distinguished_name.push(DnType::CommonName, "Frontgate local authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2046, 1, 1));
    let address = |address: IpAddr, prefix: u8| {
        GeneralSubtree::IpAddress(match address {
            IpAddr::V4(address) => CidrSubnet::from_v4_prefix(address.octets(), prefix),
            IpAddr::V6(address) => CidrSubnet::from_v6_prefix(address.octets(), prefix),
        })
    };
    let own = [
        GeneralSubtree::DnsName("localhost".to_owned()),
        address(Ipv4Addr::LOCALHOST.into(), 8),
        address(Ipv6Addr::LOCALHOST.into(), 128),
    ];
    let further = names.iter().map(|name| match name.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(found)) => address(found.into(), 32),
        Ok(IpAddr::V6(found)) => address(found.into(), 128),
        Err(_) => GeneralSubtree::DnsName(name.clone()),
    });
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: own.into_iter().chain(further).collect(),
        excluded_subtrees: Vec::new(),
    });
    Ok(params)
}

/// The hosts outside `.localhost` that the folder's authority may vouch for, one on each line.
fn known_names(file: &Path) -> anyhow::Result<BTreeSet<String>> {
    match file.exists() {
        true => {
            let text =
                fs::read_to_string(file).with_context(|| format!("{} can't be read", file.display()))?;
            Ok(text.lines().map(str::to_owned).collect())
        }
        false => Ok(BTreeSet::new()),
    }
}

fn remove(file: &Path) -> anyhow::Result<()> {
    match file.exists() {
        true => fs::remove_file(file).with_context(|| format!("{} can't be replaced", file.display())),
        false => Ok(()),
    }
}

/// Browsers take 398.
const LEAF_DAYS: i64 = 397;
/// X.520's upper bound.
const MAX_COMMON_NAME: usize = 64;
