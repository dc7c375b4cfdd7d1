package io.pgbackup.kubernetes.report;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// What Kubernetes keeps of a cluster: who it is and was, which outlives its StatefulSet, and how
/// it was when its agent last said so. It holds no credential. Immutable.
///
/// @param cluster `namespace/name`, as in the bucket
/// @param pod whose agent wrote it
/// @param uid of the lineage that the data are of, once that is known
/// @param lineages that this cluster has had, oldest first, the one of now among them; of those
///   with one UID it is the last
/// @param state in words
/// @param detail a sentence that says more
/// @param problems that stand, in words
/// @param windows oldest first
/// @param lastBackup the newest base backup that can be restored
/// @param lastSegment that the store confirmed to this agent
/// @param lagSeconds how long the oldest finished segment has been missing from the store
/// @param agent its version
/// @param updatedAt by the agent's clock
public record ClusterRecord(
    String cluster,
    Optional<String> pod,
    Optional<String> uid,
    List<Known> lineages,
    String state,
    String detail,
    List<String> problems,
    List<Window> windows,
    Optional<At> lastBackup,
    Optional<At> lastSegment,
    OptionalDouble lagSeconds,
    String agent,
    Instant updatedAt) {
  /// Finds all of them, with [#MANAGED_BY].
  public static final String LABEL = "pgbackup.io/record";

  public static final String LABEL_VALUE = "cluster";
  public static final String MANAGED_BY = "app.kubernetes.io/managed-by";
  public static final String PGBACKUP = "pgbackup";

  private static final int LINEAGES = 200;
  private static final Pattern ORDINAL = Pattern.compile("(.+)-[0-9]+");

  /// @param since when it was claimed
  /// @param archive its folder, `s3://bucket/folder`
  public record Known(Instant since, String uid, String archive) {
    /// Empty where it is not understood.
    static Optional<Known> parse(String line) {
      String[] parts = line.split(" ", 3);
      try {
        return parts.length < 3
            ? Optional.empty()
            : Optional.of(new Known(Instant.parse(parts[0]), parts[1], parts[2]));
      } catch (DateTimeParseException _) {
        return Optional.empty();
      }
    }

    String line() {
      return "%s %s %s".formatted(since, uid, archive);
    }

    /// After a major upgrade a UID has a folder for each version.
    private boolean isSameAs(Known other) {
      return uid.equals(other.uid) && archive.equals(other.archive);
    }

    private boolean isBefore(Known other) {
      return uid.equals(other.uid) || !since.isAfter(other.since);
    }
  }

  /// @param end exclusive
  public record Window(Instant start, Instant end) {}

  /// Something with a name, and when it was finished.
  public record At(String name, Instant at) {}

  public ClusterRecord {
    lineages = List.copyOf(lineages);
    problems = List.copyOf(problems);
    windows = List.copyOf(windows);
  }

  /// The name of a StatefulSet's ConfigMap unless the agent's configuration says otherwise.
  public static String nameFor(String statefulSet) {
    return statefulSet + "-pgbackup-status";
  }

  /// Which StatefulSet a pod belongs to, by their names.
  static Optional<String> statefulSetOf(String pod) {
    Matcher ordinal = ORDINAL.matcher(pod);
    return ordinal.matches() ? Optional.of(ordinal.group(1)) : Optional.empty();
  }

  /// Whether its agent is in a pod of this StatefulSet.
  public boolean isOf(String statefulSet) {
    return pod.flatMap(ClusterRecord::statefulSetOf).equals(Optional.of(statefulSet));
  }

  /// The folder of the lineage that the data are of.
  public Optional<String> archive() {
    return lineages.reversed().stream()
        .filter(known -> uid.equals(Optional.of(known.uid())))
        .map(Known::archive)
        .findFirst();
  }

  /// This one, which forgets no lineage that an earlier one knew; nor which is the one of now,
  /// while that is being found out.
  ClusterRecord after(Earlier earlier) {
    List<Known> all = new ArrayList<>(earlier.lineages());
    lineages.forEach(now -> insert(now, all));
    return new ClusterRecord(
        cluster,
        pod,
        uid.or(earlier::uid),
        all.subList(Math.max(0, all.size() - LINEAGES), all.size()),
        state,
        detail,
        problems,
        windows,
        lastBackup,
        lastSegment,
        lagSeconds,
        agent,
        updatedAt);
  }

  private static void insert(Known now, List<Known> all) {
    all.removeIf(now::isSameAs);
    int place = all.size();
    while (place > 0 && !all.get(place - 1).isBefore(now)) {
      place--;
    }
    all.add(place, now);
  }

  /// This one, of an agent that has ended.
  ClusterRecord stopped() {
    return new ClusterRecord(
        cluster,
        pod,
        uid,
        lineages,
        "The agent is stopped",
        detail,
        problems,
        windows,
        lastBackup,
        lastSegment,
        OptionalDouble.empty(),
        agent,
        updatedAt);
  }

  /// What is told at once when it changes: not what changes with every segment.
  List<Object> essence() {
    return List.of(
        cluster,
        uid,
        lineages,
        state,
        problems,
        windows.stream().map(Window::start).toList(),
        lastBackup,
        lastSegment.isPresent());
  }

  boolean saysTheSameAs(ClusterRecord other) {
    Map<String, String> mine = new TreeMap<>(data());
    Map<String, String> theirs = new TreeMap<>(other.data());
    for (String passing : List.of("updatedAt", "detail")) {
      mine.remove(passing);
      theirs.remove(passing);
    }
    return mine.equals(theirs);
  }

  /// The content of the ConfigMap; what is not known is left out.
  public Map<String, String> data() {
    Map<String, String> data = new LinkedHashMap<>();
    data.put("cluster", cluster);
    pod.ifPresent(name -> data.put("pod", name));
    uid.ifPresent(now -> data.put("uid", now));
    archive().ifPresent(folder -> data.put("archive", folder));
    put(data, "lineages", lineages, Known::line);
    data.put("state", state);
    data.put("detail", detail);
    put(data, "problems", problems, Function.identity());
    put(data, "windows", windows, window -> window.start() + "/" + window.end());
    put(data, "lastBackup", lastBackup);
    put(data, "lastSegment", lastSegment);
    lagSeconds.ifPresent(seconds -> data.put("lagSeconds", Double.toString(seconds)));
    data.put("agent", agent);
    data.put("updatedAt", updatedAt.toString());
    return data;
  }

  private static <T> void put(
      Map<String, String> data, String key, List<T> values, Function<T, String> line) {
    if (!values.isEmpty()) {
      data.put(key, values.stream().map(line).collect(Collectors.joining("\n")));
    }
  }

  private static void put(Map<String, String> data, String key, Optional<At> value) {
    value.ifPresent(
        it -> {
          data.put(key, it.name());
          data.put(key + "At", it.at().toString());
        });
  }

  /// Empty where this is no record, or one that is not understood. Of the lineages those are left
  /// out that are not.
  public static Optional<ClusterRecord> parse(Map<String, String> data) {
    try {
      return Optional.of(
          new ClusterRecord(
              text(data, "cluster"),
              Optional.ofNullable(data.get("pod")),
              Optional.ofNullable(data.get("uid")),
              data.getOrDefault("lineages", "")
                  .lines()
                  .flatMap(line -> Known.parse(line).stream())
                  .toList(),
              text(data, "state"),
              data.getOrDefault("detail", ""),
              list(data, "problems", Function.identity()),
              list(data, "windows", ClusterRecord::window),
              at(data, "lastBackup"),
              at(data, "lastSegment"),
              data.containsKey("lagSeconds")
                  ? OptionalDouble.of(Double.parseDouble(text(data, "lagSeconds")))
                  : OptionalDouble.empty(),
              data.getOrDefault("agent", ""),
              Instant.parse(text(data, "updatedAt"))));
    } catch (IllegalArgumentException | DateTimeParseException _) {
      return Optional.empty();
    }
  }

  private static String text(Map<String, String> data, String key) {
    String text = data.get(key);
    if (text == null) {
      throw new IllegalArgumentException("it has no '" + key + "'");
    }
    return text;
  }

  private static <T> List<T> list(
      Map<String, String> data, String key, Function<String, T> element) {
    return new ArrayList<>(data.getOrDefault(key, "").lines().map(element).toList());
  }

  private static Window window(String line) {
    String[] parts = line.split("/", 2);
    if (parts.length < 2) {
      throw new IllegalArgumentException("'" + line + "' is no window");
    }
    return new Window(Instant.parse(parts[0]), Instant.parse(parts[1]));
  }

  private static Optional<At> at(Map<String, String> data, String key) {
    return data.containsKey(key)
        ? Optional.of(new At(text(data, key), Instant.parse(text(data, key + "At"))))
        : Optional.empty();
  }
}
