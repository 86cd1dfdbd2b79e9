//! The conditions of a policy: the end, the beginning and the address (cloudfront 2.3 and 2.4).

use std::net::IpAddr;

use super::deny_reason::DenyReason;
use super::policy::Condition;
use crate::epoch::EpochSeconds;

impl Condition {
    /// # Errors
    /// From the second of `DateLessThan` on: the operator is strict (cloudfront 2.3, `[INFER]`).
    pub fn check_expiry(&self, now: EpochSeconds) -> Result<(), DenyReason> {
        let date_less_than = self.date_less_than;
        if now < date_less_than { Ok(()) } else { Err(DenyReason::Expired { now, date_less_than }) }
    }

    /// # Errors
    /// Up to and in the second of `DateGreaterThan`: "on or before" has no access (cloudfront 2.3, `[DOC]`).
    pub fn check_not_before(&self, now: EpochSeconds) -> Result<(), DenyReason> {
        match self.date_greater_than {
            Some(date_greater_than) if now <= date_greater_than => {
                Err(DenyReason::NotYetValid { now, date_greater_than })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// # Errors
    /// For a viewer outside the range; an IPv6 viewer or an IPv6 range never matches (cloudfront 2.4).
    pub fn check_ip(&self, viewer: IpAddr) -> Result<(), DenyReason> {
        match &self.ip_address {
            Some(allowed) if !allowed.contains(viewer) => {
                Err(DenyReason::IpMismatch { viewer: viewer.to_canonical(), allowed: allowed.clone() })
            }
            Some(_) | None => Ok(()),
        }
    }
}
