package io.pgbackup.telemetry;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.pgbackup.telemetry.Readings.Sample;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.function.Supplier;

/// The text that Prometheus scrapes. Values are asked for at each scrape, and a meter that is no
/// longer known disappears.
///
/// Thread-safe.
public final class Exposition {
  public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private final Supplier<Readings> readings;
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Map<Sample, Exposed> exposed = new HashMap<>();
  private final Histograms histograms = new Histograms();

  public Exposition(Supplier<Readings> readings) {
    this.readings = readings;
    registry.getPrometheusRegistry().register(histograms);
  }

  public synchronized String scrape() {
    Readings now = readings.get();
    Map<Sample, Double> known = now.values();
    Iterator<Map.Entry<Sample, Exposed>> entries = exposed.entrySet().iterator();
    while (entries.hasNext()) {
      Map.Entry<Sample, Exposed> entry = entries.next();
      if (!known.containsKey(entry.getKey())) {
        registry.remove(entry.getValue().meter());
        entries.remove();
      }
    }
    known.forEach((sample, value) -> exposed.computeIfAbsent(sample, this::register).set(value));
    histograms.set(now.histograms());
    return registry.scrape();
  }

  private Exposed register(Sample sample) {
    Value value = new Value();
    Tags tags =
        Tags.of(
            sample.labels().entrySet().stream()
                .map(label -> Tag.of(label.getKey(), label.getValue()))
                .toList());
    String name = sample.meter().exposedName();
    String meaning = sample.meter().meaning();
    Meter meter =
        switch (sample.meter().kind()) {
          case GAUGE ->
              Gauge.builder(name, value, Value::now)
                  .strongReference(true)
                  .description(meaning)
                  .tags(tags)
                  .register(registry);
          case COUNTER ->
              FunctionCounter.builder(name, value, Value::now)
                  .description(meaning)
                  .tags(tags)
                  .register(registry);
          case HISTOGRAM -> throw new IllegalArgumentException(name + " is more than one number");
        };
    return new Exposed(meter, value);
  }

  /// A registered meter and the value it shows.
  private record Exposed(Meter meter, Value value) {
    void set(double now) {
      value.now = now;
    }
  }

  private static final class Value {
    private volatile double now;

    double now() {
      return now;
    }
  }
}
