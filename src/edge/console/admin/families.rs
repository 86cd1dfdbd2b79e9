//! Writes metric families: a counter, gauge or histogram with its help text and its samples.

use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue, EncodeLabelSet, NoLabelSet};
use prometheus_client::metrics::MetricType;

use crate::edge::observe::metrics::counts::LATENCY_BOUNDS;
use crate::edge::observe::metrics::totals::{LatencyTotal, Sums};

/// Pairs of a label's name and its value.
pub(super) fn labelled<'a, const N: usize>(
    labels: [&'static str; N],
    values: &'a [String; N],
) -> Vec<(&'static str, &'a str)> {
    labels.into_iter().zip(values.iter().map(String::as_str)).collect()
}

/// Writes metric families, each with its help text and its samples.
pub(super) struct Families<'e, 'a>(pub(super) &'e mut DescriptorEncoder<'a>);

impl Families<'_, '_> {
    pub(super) fn counter(&mut self, name: &str, help: &str, count: u64) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        family.encode_counter::<NoLabelSet, _, u64>(&count, None)
    }

    pub(super) fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.0.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)
    }

    pub(super) fn counters<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        labels: [&'static str; N],
        sums: &Sums<N>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (values, count) in sums {
            let labels = labelled(labels, values);
            family.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(count, None)?;
        }
        Ok(())
    }

    pub(super) fn gauges<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, impl EncodeGaugeValue)>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (labels, value) in values {
            family.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    pub(super) fn histograms<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        labels: [&'static str; N],
        sums: &Sums<N, LatencyTotal>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Histogram)?;
        for (values, total) in sums {
            let labels = labelled(labels, values);
            let bounds = LATENCY_BOUNDS.into_iter().chain([f64::INFINITY]);
            let buckets: Vec<(f64, u64)> = bounds.zip(total.buckets).collect();
            let count = total.buckets.iter().sum();
            let sum = total.sum.as_secs_f64();
            family.encode_family(&labels)?.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
        }
        Ok(())
    }
}
