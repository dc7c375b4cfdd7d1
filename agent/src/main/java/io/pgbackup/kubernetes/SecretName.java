package io.pgbackup.kubernetes;

import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.ClusterId;
import java.util.regex.Pattern;

/// Which Secret a credential is kept in. Immutable.
public record SecretName(String namespace, String name) {
  private static final Pattern NAMESPACE = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");
  private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?");

  /// @throws IllegalArgumentException if Kubernetes has no such names
  public SecretName {
    if (!NAMESPACE.matcher(namespace).matches()) {
      throw new IllegalArgumentException(
          "'" + namespace + "' is no namespace of Kubernetes: lower-case letters, digits and '-'");
    }
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "'" + name + "' is no name of a Secret: lower-case letters, digits, '-' and '.'");
    }
  }

  /// `orders-store-archiver` in the cluster's own namespace.
  ///
  /// @throws IllegalArgumentException if the cluster's name cannot be part of a Secret's
  public static SecretName of(ClusterId cluster, Role role) {
    return new SecretName(cluster.namespace(), cluster.name() + "-store-" + role.word());
  }

  @Override
  public String toString() {
    return "Secret " + namespace + "/" + name;
  }
}
