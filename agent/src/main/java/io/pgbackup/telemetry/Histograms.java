package io.pgbackup.telemetry;

import io.pgbackup.telemetry.Readings.Sample;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// The histograms among the readings of one scrape. Micrometer's own keep their counts themselves,
/// and would keep them under another lineage's labels.
///
/// Thread-safe.
final class Histograms implements MultiCollector {
  private volatile Map<Sample, Taken> known = Map.of();

  void set(Map<Sample, Taken> now) {
    known = Map.copyOf(now);
  }

  @Override
  public MetricSnapshots collect() {
    Map<Meters, HistogramSnapshot.Builder> meters = new EnumMap<>(Meters.class);
    known.forEach(
        (sample, taken) ->
            meters
                .computeIfAbsent(sample.meter(), Histograms::named)
                .dataPoint(point(sample.labels(), taken)));
    return new MetricSnapshots(
        meters.values().stream().<MetricSnapshot>map(HistogramSnapshot.Builder::build).toList());
  }

  private static HistogramSnapshot.Builder named(Meters meter) {
    return HistogramSnapshot.builder().name(meter.exposedName()).help(meter.meaning());
  }

  private static HistogramDataPointSnapshot point(Map<String, String> labels, Taken taken) {
    List<String> names = List.copyOf(labels.keySet());
    return HistogramDataPointSnapshot.builder()
        .labels(Labels.of(names, names.stream().map(labels::get).toList()))
        .classicHistogramBuckets(ClassicHistogramBuckets.of(Taken.BOUNDS, taken.counts()))
        .sum(taken.seconds())
        .build();
  }
}
