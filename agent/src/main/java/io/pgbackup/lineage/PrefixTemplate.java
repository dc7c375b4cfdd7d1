package io.pgbackup.lineage;

import io.pgbackup.store.StoreFolder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Where lineages lie in the bucket: a path whose folders may hold `$(NAMESPACE)`, `$(CLUSTER)`,
/// `$(UID)` and `$(PGVERSION)` (the major version), or a literal path: the folder of one archive.
///
/// Immutable. A template with variables has `$(CLUSTER)` and `$(UID)`, so that no two lineages can
/// share a folder; the namespace stands before the cluster and the rest behind it, so that all of a
/// cluster lies in one folder that credentials can be scoped to. A folder's name holds at most one
/// variable: two could be told apart in more than one way.
public record PrefixTemplate(String text) {
  private static final Pattern VARIABLE = Pattern.compile("\\$\\(([^)]*)\\)");
  public static final PrefixTemplate DEFAULT =
      new PrefixTemplate("pgbackup/$(NAMESPACE)/$(CLUSTER)/$(UID)/$(PGVERSION)");

  enum Variable {
    NAMESPACE,
    CLUSTER,
    UID,
    PGVERSION;

    String reference() {
      return "$(" + name() + ")";
    }
  }

  /// What a folder says about the lineage in it; empty where the template has no such variable.
  public record Match(
      Optional<String> namespace,
      Optional<String> cluster,
      Optional<String> uid,
      Optional<Integer> majorVersion) {}

  /// @throws IllegalArgumentException if a variable is unknown, missing, doubled or out of order,
  ///   or the rest is no path in a bucket
  public PrefixTemplate {
    List<Variable> variables = new ArrayList<>();
    for (String folder : split(text)) {
      List<Variable> inFolder = variablesOf(folder);
      if (inFolder.size() > 1) {
        throw new IllegalArgumentException(
            "a folder's name holds at most one variable, got '" + folder + "'");
      }
      variables.addAll(inFolder);
    }
    checkOrder(variables);
    var _ = StoreFolder.of(VARIABLE.matcher(text).replaceAll("x"));
  }

  private static void checkOrder(List<Variable> variables) {
    if (variables.isEmpty()) {
      return;
    }
    for (Variable variable : Variable.values()) {
      if (variables.indexOf(variable) != variables.lastIndexOf(variable)) {
        throw new IllegalArgumentException(variable.reference() + " stands more than once");
      }
    }
    if (!variables.contains(Variable.CLUSTER) || !variables.contains(Variable.UID)) {
      throw new IllegalArgumentException(
          "a prefix with variables has $(CLUSTER) and $(UID), so that no two lineages share a"
              + " folder");
    }
    int cluster = variables.indexOf(Variable.CLUSTER);
    if (variables.indexOf(Variable.NAMESPACE) > cluster) {
      throw new IllegalArgumentException("$(NAMESPACE) stands before $(CLUSTER)");
    }
    if (variables.indexOf(Variable.UID) < cluster
        || (variables.contains(Variable.PGVERSION)
            && variables.indexOf(Variable.PGVERSION) < cluster)) {
      throw new IllegalArgumentException("$(UID) and $(PGVERSION) stand behind $(CLUSTER)");
    }
  }

  private static List<String> split(String text) {
    return Arrays.asList(text.replaceAll("^/+|/+$", "").split("/", -1));
  }

  private static List<Variable> variablesOf(String folder) {
    List<Variable> found = new ArrayList<>();
    Matcher matcher = VARIABLE.matcher(folder);
    while (matcher.find()) {
      found.add(variable(matcher.group(1)));
    }
    if (matcher.replaceAll("").contains("$")) {
      throw new IllegalArgumentException(
          "'$' begins a variable like $(CLUSTER), got '" + folder + "'");
    }
    return found;
  }

  private static Variable variable(String name) {
    return Arrays.stream(Variable.values())
        .filter(variable -> variable.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "$(%s) is unknown; known are %s"
                        .formatted(
                            name,
                            Arrays.stream(Variable.values())
                                .map(Variable::reference)
                                .collect(Collectors.joining(", ")))));
  }

  /// Whether this is one folder, without variables.
  public boolean isLiteral() {
    return !text.contains("$");
  }

  /// The folder of one lineage.
  ///
  /// @param majorVersion for example 18
  public StoreFolder expand(ClusterId cluster, LineageUid uid, int majorVersion) {
    return StoreFolder.of(
        replace(
            text,
            Map.of(
                Variable.NAMESPACE, cluster.namespace(),
                Variable.CLUSTER, cluster.name(),
                Variable.UID, uid.value(),
                Variable.PGVERSION, Integer.toString(majorVersion))));
  }

  /// The folder that holds every lineage of a cluster: the path up to and including `$(CLUSTER)`,
  /// or the literal folder itself.
  public StoreFolder clusterFolder(ClusterId cluster) {
    if (isLiteral()) {
      return StoreFolder.of(text);
    }
    List<String> folders = new ArrayList<>();
    for (String folder : split(text)) {
      folders.add(folder);
      if (folder.contains(Variable.CLUSTER.reference())) {
        break;
      }
    }
    return StoreFolder.of(
        replace(
            String.join("/", folders),
            Map.of(
                Variable.NAMESPACE, cluster.namespace(),
                Variable.CLUSTER, cluster.name())));
  }

  /// Reads a folder's path back; nothing if it is no folder of this template.
  public Optional<Match> match(StoreFolder folder) {
    List<String> pattern = split(text);
    List<String> actual = split(folder.path());
    return pattern.size() == actual.size() ? matchAll(pattern, actual) : Optional.empty();
  }

  private static Optional<Match> matchAll(List<String> pattern, List<String> actual) {
    Map<Variable, String> values = new EnumMap<>(Variable.class);
    for (int i = 0; i < pattern.size(); i++) {
      Matcher matcher = folderPattern(pattern.get(i)).matcher(actual.get(i));
      if (!matcher.matches()) {
        return Optional.empty();
      }
      for (Variable variable : variablesOf(pattern.get(i))) {
        values.put(variable, matcher.group(1));
      }
    }
    return Optional.of(
        new Match(
            Optional.ofNullable(values.get(Variable.NAMESPACE)),
            Optional.ofNullable(values.get(Variable.CLUSTER)),
            Optional.ofNullable(values.get(Variable.UID)),
            Optional.ofNullable(values.get(Variable.PGVERSION)).map(Integer::valueOf)));
  }

  /// One pattern for each folder of the path, for whoever walks a bucket level by level.
  public List<FolderPattern> folders() {
    return split(text).stream()
        .filter(folder -> !folder.isEmpty())
        .map(
            folder ->
                new FolderPattern(
                    folderPattern(folder),
                    variablesOf(folder).isEmpty() ? Optional.of(folder) : Optional.empty()))
        .toList();
  }

  /// @param literal the folder's name where it has no variable
  public record FolderPattern(Pattern pattern, Optional<String> literal) {
    public boolean matches(String folderName) {
      return pattern.matcher(folderName).matches();
    }
  }

  private static Pattern folderPattern(String folder) {
    Matcher matcher = VARIABLE.matcher(folder);
    if (!matcher.find()) {
      return Pattern.compile(Pattern.quote(folder));
    }
    String form =
        switch (variable(matcher.group(1))) {
          case NAMESPACE, CLUSTER -> "([A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?)";
          case UID -> "([A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)";
          case PGVERSION -> "([1-9][0-9]?)";
        };
    return Pattern.compile(
        Pattern.quote(folder.substring(0, matcher.start()))
            + form
            + Pattern.quote(folder.substring(matcher.end())));
  }

  private static String replace(String text, Map<Variable, String> values) {
    return VARIABLE
        .matcher(text)
        .replaceAll(
            found ->
                Matcher.quoteReplacement(
                    values.getOrDefault(variable(found.group(1)), found.group())));
  }

  @Override
  public String toString() {
    return text;
  }
}
