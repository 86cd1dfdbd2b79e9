//! Countries by their ISO 3166-1 alpha-2 codes.

use std::fmt;

/// The ISO 3166-1 alpha-2 code of a country, in capitals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country([u8; 2]);

impl Country {
    /// Reads two ASCII letters, of any case. Codes that no country has are taken, too. None for everything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let code: [u8; 2] = text.as_bytes().try_into().ok()?;
        code.iter().all(u8::is_ascii_alphabetic).then(|| Self(code.map(|letter| letter.to_ascii_uppercase())))
    }

    /// The code, two capital letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Letters only, so this is always text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether ISO 3166-1 assigns the code, or leaves it to its users (`AA`, `QM`–`QZ`, `XA`–`XZ`, `ZZ`), who give one to
    /// Kosovo (`XK`) or to tests (`XX`).
    #[must_use]
    pub fn is_code(self) -> bool {
        let left_to_users = matches!(&self.0, b"AA" | b"ZZ" | [b'Q', b'M'..=b'Z'] | [b'X', _]);
        left_to_users || ASSIGNED.split_ascii_whitespace().any(|code| code == self.as_str())
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The 249 officially assigned codes of ISO 3166-1.
const ASSIGNED: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR \
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP \
    KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT \
    MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW \
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ \
    UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_two_letters_and_a_code_is_an_assigned_one() {
        assert_eq!(ASSIGNED.split_ascii_whitespace().count(), 249);
        for (text, is_code) in [
            ("DE", Some(true)),
            ("de", Some(true)),
            ("XX", Some(true)),
            ("XK", Some(true)),
            ("QM", Some(true)),
            ("QA", Some(true)),
            ("UK", Some(false)),
            ("EU", Some(false)),
            ("QL", Some(false)),
            ("D", None),
            ("DEU", None),
            ("D1", None),
            ("ü", None),
            ("", None),
        ] {
            assert_eq!(Country::parse(text).map(Country::is_code), is_code, "{text}");
        }
        assert_eq!(Country::parse("gb").map(|country| country.to_string()).as_deref(), Some("GB"));
    }
}
