package io.pgbackup.kubernetes;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.pgbackup.credentials.broker.CredentialSink;
import io.pgbackup.kubernetes.restore.StatefulSetClone;
import io.pgbackup.kubernetes.restore.StatefulSetName;
import io.pgbackup.kubernetes.restore.StatefulSetRestore;
import io.pgbackup.lineage.ClusterId;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.function.Consumer;

/// A connection to the API of Kubernetes. Nothing is asked until something is used. Thread-safe.
public final class Kubernetes implements AutoCloseable {
  private static final int TIMEOUT_MILLIS = 10_000;

  /// Whoever asks has a schedule of its own.
  private static final int RETRIES = 1;

  private final KubernetesClient client;

  private Kubernetes(Config config) {
    client =
        new KubernetesClientBuilder()
            .withConfig(
                new ConfigBuilder(config)
                    .withConnectionTimeout(TIMEOUT_MILLIS)
                    .withRequestTimeout(TIMEOUT_MILLIS)
                    .withRequestRetryBackoffLimit(RETRIES)
                    .build())
            .build();
  }

  /// As the service account of the pod that this is, or as `KUBECONFIG` says.
  public static Kubernetes open() {
    return new Kubernetes(Config.autoConfigure(null));
  }

  /// As a kubeconfig says.
  public static Kubernetes open(Path kubeconfig) {
    return new Kubernetes(Config.fromKubeconfig(kubeconfig.toFile()));
  }

  /// The credential of a cluster in a Secret, which need not exist yet.
  public CredentialSink secret(SecretName name, ClusterId cluster) {
    return new SecretSink(client, name, cluster);
  }

  /// Restores of a StatefulSet.
  ///
  /// @param say hears how they get on
  public StatefulSetRestore restore(StatefulSetName name, Clock clock, Consumer<String> say) {
    return StatefulSetRestore.over(client, name, clock, say);
  }

  /// Clones of a StatefulSet.
  ///
  /// @param say hears how they get on
  public StatefulSetClone cloneOf(StatefulSetName source, Clock clock, Consumer<String> say) {
    return StatefulSetClone.over(client, source, clock, say);
  }

  /// What agents say of their clusters.
  public ClusterRecords records() {
    return new ClusterRecords(client);
  }

  /// The namespace of the current context.
  public String namespace() {
    return Optional.ofNullable(client.getNamespace()).orElse("default");
  }

  @Override
  public void close() {
    client.close();
  }
}
