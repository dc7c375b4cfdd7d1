package io.pgbackup.config;

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// Reports environment variables that look like ours and override nothing, with the one that was
/// probably meant.
final class UnknownVariables {
  private static final String PREFIX = "PGBACKUP_";

  /// What the launchers, the command line and the tests read themselves.
  private static final Set<String> OTHERS =
      Set.of(
          "PGBACKUP_CONFIG",
          "PGBACKUP_JAVA_OPTIONS",
          "PGBACKUP_JDK_FOLDERS",
          "PGBACKUP_KUBECONFIG",
          "PGBACKUP_WALG");

  /// Kubernetes puts these into each pod for a Service whose name begins with `pgbackup`.
  private static final Pattern SERVICE_LINK =
      Pattern.compile(
          "PGBACKUP_(\\w+_)?(SERVICE_HOST|SERVICE_PORT(_\\w+)?|PORT_\\d+_(TCP|UDP|SCTP)(_\\w+)?)");

  private static final Pattern SERVICE_ADDRESS = Pattern.compile("(tcp|udp|sctp)://.*");

  private UnknownVariables() {}

  /// @param paths of every key, sections included
  static void report(
      Map<String, String> environment, Collection<String> paths, ConfigFaults faults) {
    Set<String> known = new TreeSet<>();
    paths.stream()
        .filter(path -> paths.stream().noneMatch(other -> other.startsWith(path + ".")))
        .map(path -> Section.variableOf(path).substring(PREFIX.length()))
        .forEach(known::add);
    new TreeMap<>(environment)
        .forEach(
            (name, value) -> {
              if (name.startsWith(PREFIX) && !value.isEmpty() && !isFine(name, value, known)) {
                faults.add(
                    name,
                    "unknown variable"
                        + Spelling.nearest(name.substring(PREFIX.length()), known)
                            .map(near -> "; did you mean '" + PREFIX + near + "'?")
                            .orElse("; unset it, the names are ours"));
              }
            });
  }

  private static boolean isFine(String name, String value, Set<String> known) {
    String own = name.substring(PREFIX.length());
    return known.contains(own)
        // a secret itself, which has a fault of its own
        || known.contains(own + "_FILE")
        || OTHERS.contains(name)
        || SERVICE_LINK.matcher(name).matches()
        || (name.endsWith("_PORT") && SERVICE_ADDRESS.matcher(value).matches());
  }
}
