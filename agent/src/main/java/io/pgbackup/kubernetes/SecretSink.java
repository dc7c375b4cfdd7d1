package io.pgbackup.kubernetes;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.broker.CredentialSink;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A credential in a Secret that is ours by its label. The whole content is swapped in one update,
/// which fails if somebody else has changed the Secret in between.
final class SecretSink implements CredentialSink {
  private final KubernetesClient client;
  private final SecretName name;
  private final ClusterId cluster;

  SecretSink(KubernetesClient client, SecretName name, ClusterId cluster) {
    this.client = client;
    this.name = name;
    this.cluster = cluster;
  }

  @Override
  public String name() {
    return name.toString();
  }

  /// A Secret of ours without a credential in it counts as none.
  @Override
  public Optional<CredentialDocument> current() {
    return read().flatMap(SecretSink::document);
  }

  @Override
  public void write(CredentialDocument document) {
    Optional<Secret> old = read();
    StoreSecret content = new StoreSecret(name, cluster, document);
    Secret wanted =
        new SecretBuilder(old.orElseGet(this::empty))
            .editOrNewMetadata()
            .addToLabels(content.labels())
            .removeFromAnnotations(StoreSecret.EXPIRATION)
            .addToAnnotations(content.annotations())
            .endMetadata()
            .withData(content.data())
            .build();
    try {
      if (old.isPresent()) {
        client.resource(wanted).update();
      } else {
        client.resource(wanted).create();
      }
    } catch (KubernetesClientException e) {
      throw failure("write", e);
    }
  }

  private Secret empty() {
    return new SecretBuilder()
        .withNewMetadata()
        .withNamespace(name.namespace())
        .withName(name.name())
        .endMetadata()
        .withType("Opaque")
        .build();
  }

  private Optional<Secret> read() {
    Optional<Secret> found;
    try {
      Resource<Secret> named = client.secrets().inNamespace(name.namespace()).withName(name.name());
      found = Optional.ofNullable(named.get());
    } catch (KubernetesClientException e) {
      throw failure("read", e);
    }
    if (found.isPresent() && !isOurs(found.get())) {
      throw Problem.refused(
              "the %s is not ours: it has no label %s=%s"
                  .formatted(name, StoreSecret.MANAGED_BY, StoreSecret.BROKER),
              "Name another Secret, or give it the label if its content may be replaced.")
          .asException();
    }
    return found;
  }

  private static boolean isOurs(Secret secret) {
    return Optional.ofNullable(secret.getMetadata())
        .map(ObjectMeta::getLabels)
        .map(labels -> StoreSecret.BROKER.equals(labels.get(StoreSecret.MANAGED_BY)))
        .orElse(false);
  }

  private static Optional<CredentialDocument> document(Secret secret) {
    @Nullable Map<String, String> data = secret.getData();
    String content = data == null ? null : data.get(StoreSecret.KEY);
    if (content == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(CredentialDocument.parse(Base64.getDecoder().decode(content)));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  /// The API's own words are left out: they may repeat what was sent.
  private PgBackupException failure(String verb, KubernetesClientException cause) {
    String what = "cannot %s the %s: ".formatted(verb, name);
    return switch (cause.getCode()) {
      case 401, 403 ->
          Problem.misconfigured(
                  what + "the API answered " + cause.getCode(),
                  "Allow the broker's service account get, create and update of Secrets there.")
              .causedBy(cause);
      case 404 ->
          Problem.notFound(what + "there is no such namespace", "Create the namespace.")
              .causedBy(cause);
      case 409 ->
          Problem.timedOut(what + "somebody else changed it", "It is tried again.").causedBy(cause);
      case 0 ->
          Problem.timedOut(what + "the API of Kubernetes does not answer", "It is tried again.")
              .causedBy(cause);
      default ->
          Problem.refused(
                  what + "the API answered " + cause.getCode(),
                  "See whether the Secret is immutable or of another type.")
              .causedBy(cause);
    };
  }
}
