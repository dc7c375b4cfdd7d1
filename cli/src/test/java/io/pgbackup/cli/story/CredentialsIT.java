package io.pgbackup.cli.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.cli.story.Installation.Answer;
import io.pgbackup.cli.story.ProtectedServer.Moment;
import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.StsSessions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A fleet's operator, an agent and whoever restores: each with its own credential on a real MinIO.
class CredentialsIT {
  @TempDir(factory = EnterableTempDir.class)
  Path folder;

  private Installation installation;
  private StorageConfig storage;
  private Path broker;
  private Path archiver;

  @BeforeEach
  void fleet() throws IOException {
    S3Server s3 = S3Server.shared();
    storage = s3.storageConfig(s3.newBucket());
    CredentialFiles parent = (CredentialFiles) storage.credentials().orElseThrow();
    archiver = folder.resolve("archiver.json");
    installation = Installation.copyTo(folder.resolve("operator"));
    broker =
        Files.writeString(
            folder.resolve("broker.yaml"),
            """
            storage: { url: "%s", endpoint: "%s" }
            broker:
              kind: minio
              accessKeyIdFile: %s
              secretAccessKeyFile: %s
              listen: "127.0.0.1:0"
              outputs:
                - { cluster: orders, role: archiver, file: %s }
            """
                .formatted(
                    storage.url(),
                    storage.endpoint().orElseThrow(),
                    parent.accessKeyIdFile(),
                    parent.secretAccessKeyFile(),
                    folder.resolve("served.json")));
  }

  private Answer credentials(String verb, String... more) {
    return installation.pgbackup(
        Map.of(),
        Stream.concat(
                Stream.of("-c", broker.toString(), "credentials", verb, "--cluster", "orders"),
                Stream.of(more))
            .toArray(String[]::new));
  }

  private Answer mustIssue(String verb, String role, Path out) {
    Answer answer = credentials(verb, "--role", role, "--out", out.toString());
    assertThat(answer.status()).as("%s", answer).isZero();
    assertThat(answer.out()).isEmpty();
    assertThat(answer.err()).doesNotContain(secret(out));
    return answer;
  }

  private static String secret(Path file) {
    try {
      return CredentialDocument.parse(Files.readAllBytes(file)).keys().secretAccessKey();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The server's configuration with another credential.
  private Path configured(ProtectedServer server, Path credential) throws IOException {
    String yaml = Files.readString(server.configuration());
    assertThat(yaml).contains(archiver.toString());
    return Files.writeString(
        folder.resolve(credential.getFileName() + ".yaml"),
        yaml.replace(archiver.toString(), credential.toString()));
  }

  @Test
  void anAgentArchivesThroughRotationAndRevocationAndAnotherCredentialRestores() throws Exception {
    Answer unknown = credentials("issue", "--role", "archiver");
    assertThat(unknown.status()).as("%s", unknown).isEqualTo(9);
    assertThat(unknown.err())
        .contains("credentials bootstrap --namespace default --cluster orders");
    assertThat(unknown.out()).isEmpty();
    assertThat(credentials("bootstrap").status()).isZero();
    mustIssue("issue", "archiver", archiver);

    try (ProtectedServer server =
        new ProtectedServer(
            PostgresRelease.NEWEST,
            folder.resolve("server"),
            StsSessions.with(storage, archiver))) {
      server.awaitBackups(server.uid(), 1);
      server.write("with the first credential");
      server.archiveEverything();

      Path stolen = Files.copy(archiver, folder.resolve("stolen.json"));
      mustIssue("rotate", "archiver", archiver);
      Answer thief = server.pgbackup(configured(server, stolen), "backups", "--cluster", "orders");
      assertThat(thief.status()).as("%s", thief).isEqualTo(5);
      server.write("after the rotation");
      server.archiveEverything();

      Answer revoked = credentials("revoke", "--role", "archiver", "--yes");
      assertThat(revoked.status()).as("%s", revoked).isZero();
      Moment whileRevoked = server.write("while nothing was valid");
      server.postgres().sql("select pg_switch_wal()");
      await()
          .atMost(Duration.ofMinutes(2))
          .untilAsserted(
              () ->
                  assertThat(
                          server.postgres().value("select failed_count > 0 from pg_stat_archiver"))
                      .as(server.agent().log())
                      .isEqualTo("t"));
      mustIssue("issue", "archiver", archiver);
      server.archiveEverything();

      restores(server, whileRevoked);
    }
  }

  private void restores(ProtectedServer server, Moment moment) throws IOException {
    Path restorer = folder.resolve("restorer.json");
    mustIssue("issue", "restorer", restorer);
    Path configuration = configured(server, restorer);

    Answer others = server.pgbackup(configuration, "clusters");
    assertThat(others.status()).as("it sees no other cluster: %s", others).isEqualTo(5);
    assertThat(others.err()).contains("pgbackup window --cluster NAME");
    for (List<String> line :
        List.of(
            List.of("window", "--cluster", "orders"), List.of("backups", "--cluster", "orders"))) {
      Answer answer = server.pgbackup(configuration, line.toArray(String[]::new));
      assertThat(answer.status()).as("%s: %s", line, answer).isZero();
      assertThat(answer.out()).as("%s: %s", line, answer).contains(server.uid());
    }
    Path target = folder.resolve("restored");
    Answer restored = server.pgbackup(configuration, server.restore(moment.instant(), target));
    assertThat(restored.status()).as("%s", restored).isZero();
    assertThat(restored.err()).doesNotContain("WARNING");
    assertThat(server.contentOf(target)).isEqualTo(moment.content());

    throughTheEnvironment(server);
  }

  /// As a person who restores on another machine does it.
  private void throughTheEnvironment(ProtectedServer server) {
    Answer issued = credentials("issue", "--role", "restorer", "--ttl", "15m", "-o", "env");
    assertThat(issued.status()).as("%s", issued).isZero();
    Map<String, String> environment = new HashMap<>();
    issued
        .out()
        .lines()
        .filter(line -> !line.startsWith("#"))
        .forEach(
            line -> {
              int equals = line.indexOf('=');
              environment.put(
                  line.substring(0, equals), line.substring(equals + 2, line.length() - 1));
            });

    Answer window = installation.pgbackup(environment, "window", "--cluster", "orders");

    assertThat(window.status()).as("%s", window).isZero();
    assertThat(window.out()).contains(server.uid());
  }

  @Test
  void aServedFileIsThereAndTheProcessEndsCleanly() throws Exception {
    assertThat(credentials("bootstrap").status()).isZero();
    Path log = folder.resolve("serve.log");
    Path served = folder.resolve("served.json");
    Process process =
        new ProcessBuilder(
                installation.cli().toString(), "-c", broker.toString(), "credentials", "serve")
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      await()
          .atMost(Duration.ofMinutes(2))
          .untilAsserted(() -> assertThat(served).as(Files.readString(log)).exists());
      CredentialDocument document = CredentialDocument.parse(Files.readAllBytes(served));
      assertThat(document.expiration()).isPresent();
      await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(
              () ->
                  assertThat(log)
                      .content()
                      .contains("renewed: archiver of default/orders in " + served)
                      .doesNotContain(document.keys().secretAccessKey()));
      process.destroy();
      assertThat(process.waitFor()).as(Files.readString(log)).isZero();
    } finally {
      process.destroyForcibly();
    }
  }
}
