package io.pgbackup.credentials.serve;

import io.pgbackup.config.BrokerConfig;
import io.pgbackup.config.OutputConfig;
import io.pgbackup.config.OutputConfig.Place;
import io.pgbackup.credentials.broker.Broker;
import io.pgbackup.credentials.broker.ClusterList;
import io.pgbackup.credentials.broker.CredentialFile;
import io.pgbackup.credentials.broker.CredentialSink;
import io.pgbackup.credentials.broker.RenewalListener;
import io.pgbackup.credentials.broker.RenewedOutput;
import io.pgbackup.credentials.broker.Renewer;
import io.pgbackup.kubernetes.Kubernetes;
import io.pgbackup.kubernetes.SecretName;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.problem.Problem;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// Renews every output of a configuration until it is closed, and says over HTTP how it gets on.
/// Thread-safe.
public final class CredentialServer implements AutoCloseable {
  private final Optional<Kubernetes> kubernetes;
  private final Renewer renewer;
  private final BrokerHttp http;

  private CredentialServer(Optional<Kubernetes> kubernetes, Renewer renewer, BrokerHttp http) {
    this.kubernetes = kubernetes;
    this.renewer = renewer;
    this.http = http;
  }

  /// Begins at once. The client of Kubernetes is loaded only where a Secret is named.
  ///
  /// @param inventory reads which clusters there are
  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if nothing is to be kept fresh,
  ///   or it cannot listen
  public static CredentialServer start(
      BrokerConfig config,
      Supplier<ClusterList> inventory,
      Broker broker,
      RenewalListener listener,
      Clock clock) {
    if (config.outputs().isEmpty()) {
      throw Problem.misconfigured(
              "broker.outputs names nothing to keep fresh",
              "docs/credentials.md shows outputs to files and to Secrets.")
          .asException();
    }
    BrokerHttp http = BrokerHttp.open(config.listen().host(), config.listen().port());
    Optional<Kubernetes> kubernetes = Optional.empty();
    try {
      if (config.outputs().stream().anyMatch(it -> it.place() instanceof Place.Secret)) {
        kubernetes = Optional.of(Kubernetes.open());
      }
      Renewer renewer =
          Renewer.start(
              outputs(config, kubernetes),
              new RememberedInventory(inventory, clock),
              broker,
              clock,
              listener);
      http.serve(renewer::states);
      return new CredentialServer(kubernetes, renewer, http);
    } catch (RuntimeException e) {
      http.close();
      kubernetes.ifPresent(Kubernetes::close);
      throw e;
    }
  }

  private static List<RenewedOutput> outputs(BrokerConfig config, Optional<Kubernetes> kubernetes) {
    List<RenewedOutput> outputs = new ArrayList<>();
    for (OutputConfig output : config.outputs()) {
      ClusterId cluster = new ClusterId(output.namespace(), output.cluster());
      CredentialSink sink =
          switch (output.place()) {
            case Place.File file -> new CredentialFile(file.path(), file.mode());
            case Place.Secret secret -> kubernetes.orElseThrow().secret(name(secret), cluster);
          };
      outputs.add(
          new RenewedOutput(cluster, output.uid(), output.role(), output.timeToLive(), sink));
    }
    return outputs;
  }

  private static SecretName name(Place.Secret secret) {
    try {
      return new SecretName(secret.namespace(), secret.name());
    } catch (IllegalArgumentException e) {
      throw Problem.misconfigured(
              "broker.outputs: " + e.getMessage(), "Name the Secret's namespace and its name.")
          .causedBy(e);
    }
  }

  /// Where it listens; tells the port where 0 was asked for.
  public InetSocketAddress address() {
    return http.address();
  }

  @Override
  public void close() {
    renewer.close();
    http.close();
    kubernetes.ifPresent(Kubernetes::close);
  }
}
