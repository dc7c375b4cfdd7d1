package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.config.ConfigLoader;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.status.StatusJson;
import io.pgbackup.status.StatusSnapshot;
import io.pgbackup.testing.ArchiveCommand;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import io.pgbackup.testing.r2.R2Access;
import io.pgbackup.testing.r2.R2Request;
import io.pgbackup.testing.r2.R2StandIn;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A server is protected with an archiver's temporary credential, and everything that the agent
/// asks for is what R2 is documented to know; told by a stand-in for R2.
class R2AgentIT {
  private static final Pace QUICK = new Pace(Duration.ofMillis(200), Duration.ofMillis(200));
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final HttpClient client = HttpClient.newHttpClient();

  @Test
  @Timeout(300)
  void aBaseBackupAndWalPassThrough() throws Exception {
    Path socket = folder.resolve("archive.sock");
    try (R2StandIn r2 = new R2StandIn(Clock.systemUTC());
        TestPostgres postgres =
            TestPostgres.builder(PostgresRelease.NEWEST)
                .archivingBy(folder.resolve("spool"))
                .create(folder.resolve("data"));
        ArchiveCommand _ =
            new ArchiveCommand(folder.resolve("spool"), socket, postgres.dataDirectory())) {
      postgres.start();
      // more than one part of 8 MiB
      postgres.sql(
          "create table words as select md5(i::text) || md5((i + 1)::text) word"
              + " from generate_series(1, 400000) i");

      try (Agent agent =
          new Agent(config(r2, postgres, socket), "1.2.3", Clock.systemUTC(), QUICK)) {
        agent.start();
        statusOnce(agent, status -> assertThat(status.windows()).hasSize(1));
        for (int i = 0; i < 3; i++) {
          postgres.sql("insert into words values ('more'); select pg_switch_wal()");
        }
        String last = postgres.value("select pg_walfile_name(pg_current_wal_lsn() - 1)");
        statusOnce(
            agent,
            status -> {
              assertThat(r2.keys()).anyMatch(key -> key.contains("/wal_005/" + last));
              assertThat(status.archive().failed()).isZero();
              assertThat(status.gaps()).isEmpty();
              assertThat(status.problems()).isEmpty();
            });
      }

      assertThat(r2.faults()).isEmpty();
      assertThat(r2.keysUnderWay()).isEmpty();
      assertThat(r2.keys()).isNotEmpty().allMatch(key -> key.startsWith("pgbackup/shop/orders/"));
      assertPartsAreEqual(r2);
    }
  }

  private static void assertPartsAreEqual(R2StandIn r2) {
    Map<String, List<Integer>> uploads =
        r2.requests().stream()
            .filter(request -> request.operation().equals("UploadPart"))
            .sorted(Comparator.comparingInt(R2AgentIT::number))
            .collect(
                Collectors.groupingBy(
                    R2Request::key,
                    Collectors.mapping(
                        request -> request.signed().body().length, Collectors.toList())));
    assertThat(uploads).isNotEmpty();
    uploads.forEach(
        (key, parts) ->
            assertThat(parts.subList(0, parts.size() - 1))
                .as(key)
                .isNotEmpty()
                .containsOnly(8 << 20));
  }

  private static int number(R2Request request) {
    return Integer.parseInt(request.query().get("partNumber"));
  }

  private PgBackupConfig config(R2StandIn r2, TestPostgres postgres, Path socket) throws Exception {
    // Its files are what counts here.
    var _ =
        R2Access.storage(
            r2,
            R2Access.issue(r2, new ClusterId("shop", "orders"), Role.ARCHIVER, Clock.systemUTC()),
            Files.createDirectory(folder.resolve("secrets")));
    PostgresConfig server = postgres.configOverSocket();
    return new ConfigLoader(Map.of())
        .parse(
            "configuration",
            """
            cluster: { name: orders, namespace: shop }
            postgres:
              host: %s
              port: %d
              user: %s
              database: %s
              dataDirectory: %s
            storage:
              url: %s
              endpoint: %s
              region: auto
              credentials:
                accessKeyIdFile: %s
                secretAccessKeyFile: %s
                sessionTokenFile: %s
            wal: { socket: %s }
            backup: { compression: none, threads: 1 }
            http: { listen: "127.0.0.1:0" }
            """
                .formatted(
                    server.host(),
                    server.port(),
                    server.user(),
                    server.database(),
                    server.dataDirectory(),
                    "s3://" + R2StandIn.BUCKET,
                    r2.endpoint(),
                    folder.resolve("secrets/id"),
                    folder.resolve("secrets/secret"),
                    folder.resolve("secrets/token"),
                    socket));
  }

  private void statusOnce(Agent agent, Consumer<StatusSnapshot> condition) {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(() -> condition.accept(status(agent)));
  }

  private StatusSnapshot status(Agent agent) throws Exception {
    URI uri =
        URI.create(
            "http://127.0.0.1:" + agent.address().orElseThrow().getPort() + "/api/v1/status");
    return StatusJson.read(
        client
            .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
            .body(),
        StatusSnapshot.class);
  }
}
