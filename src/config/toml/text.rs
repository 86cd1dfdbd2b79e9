//! The configuration's file as text, and what a text is that isn't TOML.

use std::path::Path;

use crate::config::fault::Fault;
use crate::config::material::files::{self, FileError};

/// Reads the file.
pub(in crate::config) fn read(path: &Path) -> Result<String, Box<Fault>> {
    let bytes = files::read(path, MAX_CONFIG).map_err(|FileError { message, help }| {
        let help = help.unwrap_or_else(|| OTHER_FILE.to_owned());
        Box::new(Fault::of_file(path, format!("the configuration can't be read: {message}")).help(help))
    })?;
    String::from_utf8(bytes)
        .map_err(|error| Box::new(not_utf8(path, error.as_bytes(), error.utf8_error().valid_up_to())))
}

fn not_utf8(path: &Path, bytes: &[u8], valid: usize) -> Fault {
    let is_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let fault = Fault::of_file(path, "the configuration can't be read").expected("UTF-8");
    if is_utf16 {
        let help =
            "save it as UTF-8: iconv -f UTF-16 -t UTF-8 OLD > NEW; in PowerShell: Set-Content -Encoding utf8";
        return fault.found("UTF-16").help(help);
    }
    let before = bytes.get(..valid).unwrap_or_default();
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let column = String::from_utf8_lossy(&before[line_start..]).chars().count() + 1;
    let byte = bytes.get(valid).copied().unwrap_or_default();
    Fault {
        line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
        column,
        ..fault
            .found(format!("the byte 0x{byte:02X}"))
            .help("save it as UTF-8 in the editor; it may be Latin-1")
    }
}

/// A configuration of CloudFront's own, or of another tool, in the place of ours.
pub(super) fn of_another_language(path: &Path, text: &str) -> Option<Fault> {
    let trimmed = text.trim_start_matches('\u{feff}').trim_start();
    let found = if trimmed.starts_with('{') {
        if trimmed.contains("\"AWSTemplateFormatVersion\"") || trimmed.contains("\"AWS::CloudFront::") {
            "a CloudFormation template"
        } else if trimmed.contains("\"DistributionConfig\"") || trimmed.contains("\"DefaultCacheBehavior\"") {
            "a configuration of CloudFront, as `aws cloudfront get-distribution-config` prints it"
        } else {
            "JSON"
        }
    } else if trimmed.starts_with("AWSTemplateFormatVersion") {
        "a CloudFormation template"
    } else if trimmed.contains("resource \"aws_cloudfront_distribution\"") {
        "a Terraform configuration"
    } else if text.contains('\0') {
        "UTF-16 without a byte order mark"
    } else {
        return None;
    };
    let fault = Fault::of_file(path, "the configuration is not TOML").found(found);
    Some(fault.expected("TOML with `[[distributions]]`").help(match found {
        "UTF-16 without a byte order mark" => "save it as UTF-8",
        _ => {
            "write the same origins and cache behaviors as TOML: docs/configuration.md has each key under CloudFront's name \
             in lower case (`TargetOriginId` is `target-origin`)"
        }
    }))
}

const OTHER_FILE: &str = "`--config FILE` names another one; `frontgate dev` runs without any";
/// Some hundred distributions take less.
const MAX_CONFIG: u64 = 16 << 20;
