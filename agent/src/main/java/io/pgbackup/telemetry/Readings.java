package io.pgbackup.telemetry;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// The values known at one moment, for one lineage, or with labels of their own. What is left out
/// is not exposed.
///
/// Not thread-safe: made, filled and read by one thread.
public final class Readings {
  private final String namespace;
  private final String cluster;
  private final String uid;
  private final Map<Sample, Double> values = new LinkedHashMap<>();
  private final Map<Sample, Taken> histograms = new LinkedHashMap<>();

  /// @param labels in order
  record Sample(Meters meter, Map<String, String> labels) {}

  /// @param uid empty as long as the lineage is not known
  public Readings(String namespace, String cluster, String uid) {
    this.namespace = namespace;
    this.cluster = cluster;
    this.uid = uid;
  }

  /// Of no lineage: every value brings its labels.
  public Readings() {
    this("", "", "");
  }

  /// A value with labels of its own.
  public Readings put(Meters meter, Map<String, String> labels, double value) {
    values.put(new Sample(meter, Map.copyOf(labels)), value);
    return this;
  }

  public Readings put(Meters meter, double value) {
    values.put(new Sample(meter, labels()), value);
    return this;
  }

  /// Seconds since 1970, where the instant is known.
  public Readings put(Meters meter, Optional<Instant> instant) {
    instant.ifPresent(known -> put(meter, seconds(known)));
    return this;
  }

  /// A value for one kind of request to the store.
  public Readings put(Meters meter, String operation, double value) {
    return put(meter, "op", operation, value);
  }

  /// A value for one of several states.
  public Readings putState(Meters meter, String state, double value) {
    return put(meter, "state", state, value);
  }

  /// How many requests of one kind ended so.
  public Readings putRequests(String operation, String outcome, long count) {
    Map<String, String> labels = labels();
    labels.put("op", operation);
    labels.put("outcome", outcome);
    values.put(new Sample(Meters.STORAGE_REQUESTS, labels), (double) count);
    return this;
  }

  /// An instant that belongs to one role of credentials, where it is known.
  public Readings put(Meters meter, String role, Optional<Instant> instant) {
    instant.ifPresent(known -> put(meter, "role", role, seconds(known)));
    return this;
  }

  /// A value that has one label more.
  public Readings put(Meters meter, String label, String text, double value) {
    Map<String, String> labels = labels();
    labels.put(label, text);
    values.put(new Sample(meter, labels), value);
    return this;
  }

  /// How long what ended in each of these ways took.
  public <E extends Enum<E>> Readings put(Meters meter, String label, Map<E, Taken> ends) {
    ends.forEach(
        (end, taken) -> {
          Map<String, String> labels = labels();
          labels.put(label, end.name().toLowerCase(Locale.ROOT));
          histograms.put(new Sample(meter, labels), taken);
        });
    return this;
  }

  private static double seconds(Instant instant) {
    return instant.getEpochSecond() + instant.getNano() / 1e9;
  }

  Map<Sample, Double> values() {
    return values;
  }

  Map<Sample, Taken> histograms() {
    return histograms;
  }

  private Map<String, String> labels() {
    Map<String, String> labels = new LinkedHashMap<>();
    labels.put("namespace", namespace);
    labels.put("cluster", cluster);
    labels.put("uid", uid);
    return labels;
  }
}
