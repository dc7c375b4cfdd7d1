package io.pgbackup.cli.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.pgbackup.secret.SecretFile;
import io.pgbackup.testing.CloudflareStandIn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LockVerbTest {
  @TempDir private Path folder;
  private final CloudflareStandIn cloudflare = new CloudflareStandIn();
  private final ScriptedBrokerage brokerage = new ScriptedBrokerage(true);
  private Path config;
  private Path token;

  @BeforeEach
  void configure() throws IOException {
    token = SecretFile.create(folder.resolve("token"), CloudflareStandIn.TOKEN.getBytes(UTF_8));
    config =
        Files.writeString(
            folder.resolve("broker.yaml"),
            """
            storage: { url: "s3://backups", cloudflareAccountId: "%s", jurisdiction: eu }
            broker: { kind: r2, accessKeyIdFile: /nowhere/id, secretAccessKeyFile: /nowhere/key }
            """
                .formatted(CloudflareStandIn.ACCOUNT));
  }

  @AfterEach
  void stop() {
    cloudflare.close();
  }

  private Run lock(String... more) {
    List<String> line =
        new ArrayList<>(
            List.of(
                "-c",
                config.toString(),
                "credentials",
                "lock",
                "--cloudflare-api",
                cloudflare.api().toString(),
                "--cloudflare-token-file",
                token.toString()));
    line.addAll(List.of(more));
    return Run.of(
        new Surroundings(
            Map.of(),
            Run.NO_TERMINAL.clock(),
            Run.NO_TERMINAL.zone(),
            _ -> Optional.empty(),
            _ -> brokerage),
        line.toArray(String[]::new));
  }

  @Test
  void locksEveryArchiveThatThereIs() {
    brokerage.addAdopted("u-0");

    Run run = lock("--retain", "14d");

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("CHANGE", "add", "pgbackup/shop/orders/u-1/18/wal_005/", "spilo/orders/", "14d");
    assertThat(run.err()).contains("written and read back; 0 rules of others");
    assertThat(cloudflare.rules()).hasSize(8);
    assertThat(cloudflare.requests())
        .allSatisfy(request -> assertThat(request.jurisdiction()).contains("eu"));
  }

  @Test
  void planShowsAndWritesNothing() throws IOException {
    Run run = lock("--retain", "14d", "--plan", "-o", "json");

    assertThat(run.status()).as(run.err()).isZero();
    JsonNode first = new JsonMapper().readTree(run.out()).path(0);
    assertThat(first.path("change").asText()).isEqualTo("add");
    assertThat(first.path("prefix").asText())
        .isEqualTo("pgbackup/shop/orders/u-1/18/basebackups_005/");
    assertThat(first.path("maxAgeSeconds").asLong()).isEqualTo(1209600);
    assertThat(first.path("maxAgeSecondsBefore").isNull()).isTrue();
    assertThat(run.err()).contains("nothing was changed");
    assertThat(cloudflare.rules()).isEmpty();
  }

  @Test
  void saysWhatWouldBecomeShorterAndRefusesIt() {
    lock("--retain", "14d");

    Run plan = lock("--retain", "1d", "--plan", "--namespace", "shop", "--cluster", "orders");
    Run refused = lock("--retain", "1d");

    assertThat(plan.out()).contains("shorten", "1d, was 14d");
    assertThat(plan.err()).contains("--shorten");
    assertThat(refused.status()).isEqualTo(4);
    assertThat(refused.err()).contains("--shorten");
    assertThat(cloudflare.rules().path(0).path("condition").path("maxAgeSeconds").asLong())
        .isEqualTo(1209600);
  }

  @Test
  void warnsOfARuleThatLocksLeases() {
    cloudflare.holding(
        """
        [{"id": "all", "enabled": true, "prefix": "", "condition": {"type": "Indefinite"}}]
        """);

    Run run = lock("--retain", "14d");

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.err())
        .contains("WARNING: the lock rule 'all' locks", "/pgbackup/leases/", "1 rules of others");
    assertThat(cloudflare.rules()).hasSize(5);
  }

  @Test
  void aRefusedTokenIsSaidWithoutIt() throws IOException {
    token = SecretFile.create(folder.resolve("wrong"), "wrongtoken".getBytes(UTF_8));

    Run run = lock("--retain", "14d");

    assertThat(run.status()).isEqualTo(5);
    assertThat(run.err())
        .contains("10000 Authentication error", "Workers R2 Storage")
        .doesNotContain("wrongtoken");
  }

  @Test
  void otherStoresHaveOtherLocks() throws IOException {
    config =
        Files.writeString(
            folder.resolve("static.yaml"),
            """
            storage: { url: "s3://backups", endpoint: "http://127.0.0.1:9000" }
            broker: { kind: static, keysDirectory: /nowhere }
            """);

    Run run = lock("--retain", "14d");

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains("Cloudflare R2", "object lock");
  }
}
