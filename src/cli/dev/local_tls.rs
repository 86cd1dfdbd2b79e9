//! `dev --tls`: a local authority to be trusted once, and a certificate of its for this machine's names.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use rustls::ServerConfig;

use crate::cli::keys::create;
use crate::clock;
use crate::config;
use crate::distribution::key::unfit::Half;
use crate::tls::{self, Certificate, SecurityPolicy};

/// What a listener presents, and the file of the authority that vouches for it.
pub(super) struct LocalTls {
    pub(super) config: Arc<ServerConfig>,
    pub(super) authority_file: PathBuf,
}

impl LocalTls {
    /// Takes the authority that lies in a folder, or makes one; the certificate is made anew, so that it never expires
    /// while it is used.
    pub(super) fn prepare(folder: &Path) -> anyhow::Result<Self> {
        let (authority_file, key_file) = (folder.join("authority.pem"), folder.join("authority.key"));
        let key = match key_file.exists() {
            true => KeyPair::from_pem(&config::read_key_file(&key_file, Half::Private)?)
                .with_context(|| format!("the authority's key {} can't be read", key_file.display()))?,
            false => KeyPair::generate()?,
        };
        let params = authority()?;
        if !key_file.exists() {
            create(&key_file, &key.serialize_pem(), 0o600)?;
        }
        // Made of the key alone: one that is missing can be made again, and is still the one that was trusted.
        if !authority_file.exists() {
            create(&authority_file, &params.self_signed(&key)?.pem(), 0o644)?;
        }
        let own = KeyPair::generate()?;
        let leaf = leaf()?.signed_by(&own, &Issuer::from_params(&params, &key))?;
        for (name, pem, mode) in
            [("localhost.pem", leaf.pem(), 0o644), ("localhost.key", own.serialize_pem(), 0o600)]
        {
            replace(&folder.join(name), &pem, mode)?;
        }
        let certificate = Certificate::from_pem(leaf.pem().as_bytes(), own.serialize_pem().as_bytes())?;
        let config = tls::server_config(vec![certificate], SecurityPolicy::default())
            .map_err(|error| anyhow!("TLS can't be set up: {error}"))?;
        Ok(Self { config, authority_file })
    }
}

/// One that can vouch for this machine's own names and for nothing else, whoever gets hold of its key.
fn authority() -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new([])?;
    params.distinguished_name.push(DnType::CommonName, "Frontgate local authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2046, 1, 1));
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName("localhost".to_owned()),
            GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8)),
            GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(
                std::net::Ipv6Addr::LOCALHOST.octets(),
                128,
            )),
        ],
        excluded_subtrees: Vec::new(),
    });
    Ok(params)
}

/// Good from yesterday on, for as long as browsers take one.
fn leaf() -> anyhow::Result<CertificateParams> {
    let names = ["localhost", "*.localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.use_authority_key_identifier_extension = true;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let now = i64::try_from(clock::now().0).context("the clock")?;
    let today = Timestamp::from_second(now)?.to_zoned_datetime(TimeZone::UTC).date();
    let day = |days: i64| -> anyhow::Result<_> {
        let date = today.checked_add(days.days())?;
        let (month, day) = (u8::try_from(date.month())?, u8::try_from(date.day())?);
        Ok(date_time_ymd(i32::from(date.year()), month, day))
    };
    (params.not_before, params.not_after) = (day(-1)?, day(LEAF_DAYS)?);
    Ok(params)
}

fn replace(file: &Path, pem: &str, mode: u32) -> anyhow::Result<()> {
    if file.exists() {
        fs::remove_file(file).with_context(|| format!("{} can't be replaced", file.display()))?;
    }
    create(file, pem, mode)
}

/// Browsers take 398.
const LEAF_DAYS: i64 = 397;
