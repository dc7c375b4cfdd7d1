package io.pgbackup.kubernetes;

import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.lineage.ClusterId;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// A credential as the content of a Secret: one key with the whole document, so that a pod that
/// mounts the Secret as a folder sees old or new, and labels that say whose it is. Immutable; its
/// text form shows no secret.
public record StoreSecret(SecretName name, ClusterId cluster, CredentialDocument document) {
  /// Only Secrets with this label are replaced.
  public static final String MANAGED_BY = "app.kubernetes.io/managed-by";

  public static final String BROKER = "pgbackup-broker";

  /// The file's name where the Secret is mounted.
  public static final String KEY = "credentials.json";

  /// What a manifest begins with.
  public static final String HEAD = "# pgbackup: Secret\n";

  static final String EXPIRATION = "pgbackup.io/expiration";

  Map<String, String> labels() {
    return new TreeMap<>(Map.of(MANAGED_BY, BROKER, "pgbackup.io/role", document.role().word()));
  }

  /// A cluster's name may be longer than a label.
  Map<String, String> annotations() {
    Map<String, String> annotations = new TreeMap<>();
    annotations.put("pgbackup.io/cluster", cluster.toString());
    document.expiration().ifPresent(end -> annotations.put(EXPIRATION, end.toString()));
    return annotations;
  }

  Map<String, String> data() {
    return Map.of(KEY, Base64.getEncoder().encodeToString(document.json()));
  }

  /// YAML, for `kubectl apply --server-side -f -`: without that option kubectl keeps a copy of the
  /// content in an annotation.
  public String manifest() {
    return HEAD
        + """
        apiVersion: v1
        kind: Secret
        metadata:
          name: "%s"
          namespace: "%s"
          labels:
        %s
          annotations:
        %s
        type: Opaque
        data:
        %s
        """
            .formatted(
                name.name(),
                name.namespace(),
                lines(4, labels()),
                lines(4, annotations()),
                lines(2, data()));
  }

  /// Quoted, because a namespace may look like a number.
  private static String lines(int indent, Map<String, String> entries) {
    return entries.entrySet().stream()
        .map(
            entry -> "%s%s: \"%s\"".formatted(" ".repeat(indent), entry.getKey(), entry.getValue()))
        .collect(Collectors.joining("\n"));
  }
}
