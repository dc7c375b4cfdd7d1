package io.pgbackup.kubernetes.restore;

import java.util.regex.Pattern;

/// Which StatefulSet is meant. Immutable.
public record StatefulSetName(String namespace, String name) {
  private static final Pattern NAMESPACE = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");
  private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?");

  /// @throws IllegalArgumentException if Kubernetes has no such names
  public StatefulSetName {
    if (!NAMESPACE.matcher(namespace).matches()) {
      throw new IllegalArgumentException("'" + namespace + "' is no namespace of Kubernetes");
    }
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("'" + name + "' is no name of a StatefulSet");
    }
  }

  /// Of the objects that a restore makes: its journal, its lease, and what its pods begin with.
  String restore() {
    return "pgbackup-restore-" + name;
  }

  @Override
  public String toString() {
    return namespace + "/" + name;
  }
}
