package io.pgbackup.lineage;

import java.util.regex.Pattern;

/// A cluster's name, `namespace/name`. Both parts are DNS labels in form, because they become
/// folders that credentials are scoped to; dots and underscores, which other tools use, are
/// accepted.
public record ClusterId(String namespace, String name) implements Comparable<ClusterId> {
  public static final String DEFAULT_NAMESPACE = "default";
  private static final Pattern PART =
      Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?");

  public ClusterId {
    check("namespace", namespace);
    check("cluster", name);
  }

  private static void check(String what, String text) {
    if (!PART.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "a " + what + " has letters, digits, '-', '_' and '.', got '" + text + "'");
    }
  }

  @Override
  public int compareTo(ClusterId other) {
    return toString().compareTo(other.toString());
  }

  @Override
  public String toString() {
    return namespace + "/" + name;
  }
}
