//! Code that signs the same link with AWS's SDKs and with other tools.

use crate::epoch::EpochSeconds;

/// What is to be signed, and with what.
pub(super) struct Task<'t> {
    pub(super) url: &'t str,
    pub(super) key_pair_id: &'t str,
    pub(super) key_file: &'t str,
    /// Whether the key is ECDSA; else RSA.
    pub(super) is_ecdsa: bool,
    pub(super) expires: EpochSeconds,
    pub(super) not_before: Option<EpochSeconds>,
    pub(super) ip: Option<String>,
    pub(super) resource: Option<&'t str>,
    /// The text of a custom policy.
    pub(super) policy: Option<&'t str>,
}

/// A name and the code for each.
pub(super) fn snippets(task: &Task<'_>) -> Vec<(&'static str, String)> {
    vec![
        ("Python (boto3, botocore)", python(task)),
        ("JavaScript (AWS SDK v3)", javascript(task)),
        ("JavaScript (AWS SDK v2)", javascript_v2(task)),
        ("Go (AWS SDK v2)", go(task)),
        ("Java (AWS SDK 2)", java(task)),
        ("PHP", php(task)),
        ("Ruby", ruby(task)),
        (".NET", dotnet(task)),
        ("AWS CLI", aws_cli(task)),
        ("Frontgate", frontgate(task)),
    ]
}

fn python(task: &Task<'_>) -> String {
    let (id, file, url) = (double(task.key_pair_id), double(task.key_file), double(task.url));
    let terms = match task.policy {
        None => format!("date_less_than=datetime.fromtimestamp({}, timezone.utc)", task.expires.0),
        Some(policy) => format!("policy={}", single(policy)),
    };
    let (module, scheme) = match task.is_ecdsa {
        false => ("padding", "padding.PKCS1v15(), hashes.SHA1()"),
        true => ("ec", "ec.ECDSA(hashes.SHA1())"),
    };
    format!(
        "# pip install boto3 cryptography\nfrom datetime import datetime, timezone\n\
         from botocore.signers import CloudFrontSigner\n\
         from cryptography.hazmat.primitives import hashes, serialization\n\
         from cryptography.hazmat.primitives.asymmetric import {module}\n\n\
         with open({file}, \"rb\") as file:\n    key = serialization.load_pem_private_key(file.read(), None)\n\
         signer = CloudFrontSigner({id}, lambda message: key.sign(message, {scheme}))\n\
         print(signer.generate_presigned_url({url}, {terms}))\n"
    )
}

fn javascript(task: &Task<'_>) -> String {
    let (id, file, url) = (double(task.key_pair_id), double(task.key_file), double(task.url));
    let terms = match task.policy {
        None => format!("dateLessThan: new Date({} * 1000)", task.expires.0),
        Some(policy) => {
            let policy = single(policy);
            format!(
                "// The SDK may re-encode the URL, but not the policy: its Resource must match the requested URL.\n  policy: {policy}"
            )
        }
    };
    format!(
        "// npm install @aws-sdk/cloudfront-signer; a file sign.mjs\nimport {{ readFileSync }} from \"node:fs\";\n\
         import {{ getSignedUrl }} from \"@aws-sdk/cloudfront-signer\";\n\n\
         console.log(getSignedUrl({{\n  url: {url},\n  keyPairId: {id},\n  privateKey: readFileSync({file}, \"utf8\"),\n  {terms},\n}}));\n"
    )
}

fn javascript_v2(task: &Task<'_>) -> String {
    let (id, file, url) = (double(task.key_pair_id), double(task.key_file), double(task.url));
    let terms = match task.policy {
        None => format!("expires: {}", task.expires.0),
        Some(policy) => format!("policy: {}", single(policy)),
    };
    format!(
        "// npm install aws-sdk; its support has ended, @aws-sdk/cloudfront-signer is the new one\n\
         const {{ readFileSync }} = require(\"node:fs\");\nconst AWS = require(\"aws-sdk\");\n\n\
         const signer = new AWS.CloudFront.Signer({id}, readFileSync({file}, \"utf8\"));\n\
         console.log(signer.getSignedUrl({{ url: {url}, {terms} }}));\n"
    )
}

fn go(task: &Task<'_>) -> String {
    let (id, file, url) = (double(task.key_pair_id), double(task.key_file), double(task.url));
    let (imports, sign) = match task.policy {
        None => {
            ("\t\"time\"\n", format!("link, err := signer.Sign({url}, time.Unix({}, 0))", task.expires.0))
        }
        Some(policy) => (
            "\t\"encoding/json\"\n",
            format!(
                "var policy sign.Policy\n\tif err := json.Unmarshal([]byte({policy}), &policy); err != nil {{\n\
                 \t\tlog.Fatal(err)\n\t}}\n\tlink, err := signer.SignWithPolicy({url}, &policy)"
            ),
        ),
    };
    format!(
        "// go get github.com/aws/aws-sdk-go-v2/feature/cloudfront/sign\npackage main\n\nimport (\n{imports}\t\"fmt\"\n\t\"log\"\n\t\"os\"\n\n\
         \t\"github.com/aws/aws-sdk-go-v2/feature/cloudfront/sign\"\n)\n\nfunc main() {{\n\tfile, err := os.Open({file})\n\
         \tif err != nil {{\n\t\tlog.Fatal(err)\n\t}}\n\tkey, err := sign.LoadPEMPrivKeyPKCS8AsSigner(file)\n\
         \tif err != nil {{\n\t\tlog.Fatal(err)\n\t}}\n\tsigner := sign.NewURLSigner({id}, key)\n\t{sign}\n\
         \tif err != nil {{\n\t\tlog.Fatal(err)\n\t}}\n\tfmt.Println(link)\n}}\n"
    )
}

fn java(task: &Task<'_>) -> String {
    let (id, file, url) = (double(task.key_pair_id), double(task.key_file), double(task.url));
    let (request, method, mut more) = match task.policy {
        None => ("CannedSignerRequest", "getSignedUrlWithCannedPolicy", String::new()),
        Some(_) => ("CustomSignerRequest", "getSignedUrlWithCustomPolicy", String::new()),
    };
    if let Some(begin) = task.not_before {
        more.push_str(&format!("\n    .activeDate(Instant.ofEpochSecond({}))", begin.0));
    }
    if let Some(ip) = &task.ip {
        more.push_str(&format!("\n    .ipRange({})", double(ip)));
    }
    if let Some(resource) = task.resource {
        more.push_str(&format!("\n    .resourceUrlPattern({})", double(resource)));
    }
    format!(
        "// software.amazon.awssdk:cloudfront\nimport java.nio.file.Path;\nimport java.time.Instant;\n\
         import software.amazon.awssdk.services.cloudfront.CloudFrontUtilities;\n\
         import software.amazon.awssdk.services.cloudfront.model.{request};\n\n\
         var request = {request}.builder()\n    .resourceUrl({url})\n    .keyPairId({id})\n    .privateKey(Path.of({file}))\n\
         \x20   .expirationDate(Instant.ofEpochSecond({})){more}\n    .build();\n\
         System.out.println(CloudFrontUtilities.create().{method}(request).url());\n",
        task.expires.0
    )
}

fn php(task: &Task<'_>) -> String {
    let (id, file, url) = (single(task.key_pair_id), single(task.key_file), single(task.url));
    let terms = match task.policy {
        None => task.expires.0.to_string(),
        Some(policy) => format!("null, {}", single(policy)),
    };
    format!(
        "<?php // composer require aws/aws-sdk-php\nrequire 'vendor/autoload.php';\n\n\
         $signer = new Aws\\CloudFront\\UrlSigner({id}, {file});\necho $signer->getSignedUrl({url}, {terms}), \"\\n\";\n"
    )
}

fn ruby(task: &Task<'_>) -> String {
    let (id, file, url) = (single(task.key_pair_id), single(task.key_file), single(task.url));
    let terms = match task.policy {
        None => format!("expires: Time.at({})", task.expires.0),
        Some(policy) => format!("policy: {}", single(policy)),
    };
    format!(
        "# gem install aws-sdk-cloudfront\nrequire 'aws-sdk-cloudfront'\n\n\
         signer = Aws::CloudFront::UrlSigner.new(key_pair_id: {id}, private_key_path: {file})\n\
         puts signer.signed_url({url}, {terms})\n"
    )
}

fn dotnet(task: &Task<'_>) -> String {
    let (id, file, url) = (double(task.key_pair_id), double(task.key_file), double(task.url));
    let end = |time: EpochSeconds| format!("DateTimeOffset.FromUnixTimeSeconds({}).UtcDateTime", time.0);
    let sign = match task.policy {
        None => format!("GetCannedSignedURL(\n    {url}, key, {id}, {})", end(task.expires)),
        Some(policy) => format!("SignUrl(\n    {url}, {id}, key, {})", double(policy)),
    };
    format!(
        "// dotnet add package AWSSDK.Extensions.CloudFront.Signers (SDK 3: AWSSDK.CloudFront)\nusing Amazon.CloudFront;\n\nusing var key = File.OpenText({file});\n\
         Console.WriteLine(AmazonCloudFrontUrlSigner.{sign});\n"
    )
}

fn aws_cli(task: &Task<'_>) -> String {
    if task.is_ecdsa {
        return "# `aws cloudfront sign` of version 1 supports only RSA keys.\n".to_owned();
    }
    if task.resource.is_some() {
        return "# `aws cloudfront sign` signs the URL itself and supports no pattern.\n".to_owned();
    }
    let mut more = String::new();
    if let Some(begin) = task.not_before {
        more.push_str(&format!(" \\\n  --date-greater-than {}", begin.0));
    }
    if let Some(ip) = &task.ip {
        more.push_str(&format!(" \\\n  --ip-address {}", shell(ip)));
    }
    format!(
        "# version 1 reads the older form of RSA keys only\nopenssl rsa -in {} -traditional -out pkcs1.pem\n\
         aws cloudfront sign --url {} \\\n  --key-pair-id {} --private-key file://pkcs1.pem \\\n  --date-less-than {}{more}\n",
        shell(task.key_file),
        shell(task.url),
        shell(task.key_pair_id),
        task.expires.0
    )
}

fn frontgate(task: &Task<'_>) -> String {
    let mut more = String::new();
    for (option, value) in [
        ("--not-before", task.not_before.map(|begin| begin.0.to_string())),
        ("--ip", task.ip.clone()),
        ("--resource", task.resource.map(str::to_owned)),
    ] {
        if let Some(value) = value {
            more.push_str(&format!(" \\\n  {option} {}", shell(&value)));
        }
    }
    format!(
        "frontgate sign url {} \\\n  --key-pair-id {} --private-key {} \\\n  --expires {}{more}\n",
        shell(task.url),
        shell(task.key_pair_id),
        shell(task.key_file),
        task.expires.0
    )
}

/// Between double quotes, as Python, JavaScript, Go, Java and C# read them.
pub(super) fn double(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Between single quotes, as Python, JavaScript, PHP and Ruby read them.
pub(super) fn single(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// As a POSIX shell reads it.
pub(super) fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_stays_within_its_quotes() {
        let url = "http://a/$(x)`'#{y}?b=1";
        for policy in [None, Some(r#"{"a":"it's"}"#)] {
            let task = Task {
                url,
                key_pair_id: "K",
                key_file: "keys/it's.pem",
                is_ecdsa: false,
                expires: EpochSeconds(5),
                not_before: None,
                ip: None,
                resource: None,
                policy,
            };
            for (name, code) in snippets(&task) {
                let quoted = [double(url), single(url), shell(url)];
                assert!(quoted.iter().any(|quoted| code.contains(quoted.as_str())), "{name}: {code}");
                assert!(code.ends_with('\n'), "{name}");
            }
        }
    }
}
