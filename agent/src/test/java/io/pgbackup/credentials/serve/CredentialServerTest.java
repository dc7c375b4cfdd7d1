package io.pgbackup.credentials.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgbackup.config.BrokerConfig;
import io.pgbackup.config.ConfigLoader;
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.broker.Broker.Holder;
import io.pgbackup.credentials.broker.ClusterList;
import io.pgbackup.credentials.broker.Inventory;
import io.pgbackup.credentials.broker.RenewalListener;
import io.pgbackup.credentials.broker.RenewedOutput;
import io.pgbackup.credentials.broker.SimulatedBroker;
import io.pgbackup.problem.PgBackupException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CredentialServerTest {
  @TempDir private Path folder;

  private final SimulatedBroker broker = new SimulatedBroker(Duration.ofHours(12), _ -> false);
  private final Words words = new Words();

  private static final class Words implements RenewalListener {
    private final Queue<String> said = new ConcurrentLinkedQueue<>();

    @Override
    public void renewed(RenewedOutput output, CredentialDocument credential) {
      said.add("renewed " + output);
    }

    @Override
    public void failed(RenewedOutput output, RuntimeException reason) {
      said.add("failed " + output + ": " + reason.getMessage());
    }
  }

  private static BrokerConfig config(String outputs) {
    return new ConfigLoader(Map.of())
        .parseBroker(
            "configuration",
            """
            storage: { url: "s3://backups" }
            broker:
              kind: static
              keysDirectory: /keys
              listen: "127.0.0.1:0"
              outputs: [%s]
            """
                .formatted(outputs))
        .broker();
  }

  private ClusterList inventory() {
    Holder orders = SimulatedBroker.holder(SimulatedBroker.ORDERS);
    return new ClusterList(
        List.of(new Inventory.Entry(orders.cluster(), orders.scope(), List.of(), true, true)),
        List.of());
  }

  private CredentialServer start(String outputs) {
    return CredentialServer.start(
        config(outputs),
        this::inventory,
        broker,
        words,
        Clock.fixed(broker.instant(), ZoneOffset.UTC));
  }

  private static HttpResponse<String> get(CredentialServer server, String path)
      throws IOException, InterruptedException {
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(
          HttpRequest.newBuilder(
                  URI.create("http://127.0.0.1:" + server.address().getPort() + path))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  @Test
  void keepsWhatCanBeKeptAndSaysHowItGetsOn() throws Exception {
    Path good = folder.resolve("archiver.json");
    Path foreign = Files.writeString(folder.resolve("foreign"), "mine\n");

    try (CredentialServer server =
        start(
            """
            { namespace: shop, cluster: orders, role: archiver, file: %s },
            { namespace: shop, cluster: unknown, role: archiver, file: %s },
            { namespace: shop, cluster: orders, role: retention, file: %s }
            """
                .formatted(good, folder.resolve("unknown.json"), foreign))) {
      await().until(() -> words.said.size() >= 3);
      String metrics = get(server, "/metrics").body();

      assertThat(CredentialDocument.parse(Files.readAllBytes(good)).keys().accessKeyId())
          .isEqualTo("id1");
      assertThat(foreign).hasContent("mine\n");
      assertThat(metrics)
          .contains(
              "pgbackup_broker_credential_expiration_timestamp_seconds"
                  + "{cluster=\"orders\",namespace=\"shop\",role=\"archiver\"} 1.7952624E9",
              "pgbackup_broker_issue_failures_total"
                  + "{cluster=\"orders\",namespace=\"shop\",role=\"archiver\"} 0.0")
          .containsPattern(
              "pgbackup_broker_issue_failures_total\\{cluster=\"unknown\",namespace=\"shop\",role=\"archiver\"} [1-9]")
          .containsPattern(
              "pgbackup_broker_issue_failures_total\\{cluster=\"orders\",namespace=\"shop\",role=\"retention\"} [1-9]")
          .doesNotContain("secret", "token");
      assertThat(get(server, "/healthz").body()).isEqualTo("ok\n");
      assertThat(get(server, "/").statusCode()).isEqualTo(404);
    }
    assertThat(words.said)
        .anyMatch(it -> it.startsWith("failed archiver of shop/unknown"))
        .anyMatch(it -> it.contains("foreign holds something else"));
  }

  @Test
  void nothingToKeepFreshIsAFault() {
    assertThatThrownBy(() -> start(""))
        .isInstanceOf(PgBackupException.class)
        .hasMessageContaining("broker.outputs");
  }
}
