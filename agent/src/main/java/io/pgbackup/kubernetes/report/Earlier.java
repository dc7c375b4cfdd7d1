package io.pgbackup.kubernetes.report;

import io.pgbackup.kubernetes.report.ClusterRecord.Known;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/// What stands where a record is to be written, as far as it is carried on or decides whether that
/// may be. Each value is read by itself: one that is not understood, a newer agent's or somebody's
/// by hand, takes nothing else along.
///
/// @param pod whose agent wrote it
/// @param others lines among the lineages that are not understood
record Earlier(
    Optional<String> cluster,
    Optional<String> pod,
    Optional<String> uid,
    List<Known> lineages,
    List<String> others) {
  private static final String LINEAGES = "lineages";

  static Earlier in(Map<String, String> data) {
    List<String> lines =
        data.getOrDefault(LINEAGES, "").lines().filter(Predicate.not(String::isBlank)).toList();
    return new Earlier(
        Optional.ofNullable(data.get("cluster")),
        Optional.ofNullable(data.get("pod")),
        Optional.ofNullable(data.get("uid")),
        lines.stream().flatMap(line -> Known.parse(line).stream()).toList(),
        lines.stream().filter(line -> Known.parse(line).isEmpty()).toList());
  }

  /// Whether the agent of another pod wrote it.
  boolean isOfAnotherPod(ClusterRecord record) {
    return pod.isPresent() && !pod.equals(record.pod());
  }

  /// The content of the ConfigMap once this record is written over it.
  Map<String, String> followedBy(ClusterRecord record) {
    Map<String, String> data = record.after(this).data();
    if (!others.isEmpty()) {
      data.merge(LINEAGES, String.join("\n", others), (known, kept) -> kept + "\n" + known);
    }
    return data;
  }
}
