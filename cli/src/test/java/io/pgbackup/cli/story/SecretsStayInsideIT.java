package io.pgbackup.cli.story;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.FreePort;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.PrivateFile;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.StsSessions;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Whatever goes wrong, nothing that a person or a program can read beside the secrets' own files
/// has a secret in it: output, logs, metrics, API, arguments, environment.
class SecretsStayInsideIT {
  private static final String CANARY = "c4n4ry";
  private static final String TOKEN = CANARY + "-token-of-the-api";

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final List<AutoCloseable> open = new ArrayList<>();
  private final List<String> secrets = new ArrayList<>(List.of(CANARY));
  private final StringBuilder seen = new StringBuilder();
  private final int port = FreePort.find();
  private Installation installation;
  private StsSessions sessions;
  private Path document;
  private Path key;
  private Path token;
  private TestPostgres postgres;
  private String endpoint;
  private String bucket;

  @BeforeEach
  void server() {
    S3Server s3 = opened(S3Server.own());
    bucket = s3.newBucket();
    endpoint = s3.endpoint().toString();
    sessions = new StsSessions(s3, bucket, StoreFolder.of("pgbackup/default/orders"));
    installation = Installation.copyTo(folder.resolve("installation"));
    document = folder.resolve("credentials.json");
    renew();
    key = PrivateFile.write(folder.resolve("key"), CANARY + "-encryption-key-of-32-bytes");
    token = PrivateFile.write(folder.resolve("token"), TOKEN);
    PrivateFile.write(folder.resolve("password"), CANARY + "-password");
    postgres =
        opened(
            TestPostgres.builder(PostgresRelease.NEWEST)
                .setting("archive_mode", "on")
                .setting(
                    "archive_command",
                    installation.cli() + " wal push --socket " + folder.resolve("a.sock") + " %p")
                .create(folder.resolve("data")));
    postgres.start();
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
  }

  private <T extends AutoCloseable> T opened(T resource) {
    open.add(resource);
    return resource;
  }

  private CredentialDocument renew() {
    CredentialDocument minted = sessions.mintInto(document);
    secrets.add(minted.keys().secretAccessKey());
    secrets.add(minted.keys().sessionToken().orElseThrow());
    return minted;
  }

  private Path configuration(String name, String storeEndpoint, String more) {
    try {
      return Files.writeString(
          folder.resolve(name),
          """
          cluster: { name: orders }
          postgres:
            { host: %s, port: %d, dataDirectory: %s, passwordFile: %s/password }
          storage: { url: "s3://%s", endpoint: "%s", credentials: { file: %s } }
          encryption: { method: libsodium, keyFile: %s }
          wal: { socket: %s/a.sock }
          http: { listen: "127.0.0.1:%d", tokenFile: %s }
          %s
          """
              .formatted(
                  postgres.socketDirectory(),
                  postgres.port(),
                  postgres.dataDirectory(),
                  folder,
                  bucket,
                  storeEndpoint,
                  document,
                  key,
                  folder,
                  port,
                  token,
                  more));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Installation.Answer run(Path configuration, String... arguments) {
    return run(Map.of(), configuration, arguments);
  }

  private Installation.Answer run(
      Map<String, String> environment, Path configuration, String... arguments) {
    Installation.Answer answer =
        installation.pgbackup(
            environment,
            Stream.concat(Stream.of("--config", configuration.toString()), Stream.of(arguments))
                .toArray(String[]::new));
    seen.append(answer).append('\n');
    return answer;
  }

  private void fails(Installation.Answer answer, int status, String why) {
    assertThat(answer.status()).as(answer.toString()).isEqualTo(status);
    assertThat(answer.err()).contains(why);
  }

  private String api(String path) {
    try {
      var connection =
          (HttpURLConnection)
              URI.create("http://127.0.0.1:" + port + path).toURL().openConnection();
      connection.setRequestProperty("Authorization", "Bearer " + TOKEN);
      try (InputStream body = connection.getInputStream()) {
        return new String(body.readAllBytes(), UTF_8);
      }
    } catch (IOException e) {
      return "";
    }
  }

  private void apiSays(String text) {
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() -> assertThat(api("/api/v1/status")).contains(text));
    seen.append(api("/api/v1/status"));
    seen.append(api("/metrics"));
  }

  private void lookAtProcesses() {
    ProcessHandle.current()
        .descendants()
        .forEach(
            process -> {
              for (String file : List.of("cmdline", "environ")) {
                try {
                  seen.append(
                      new String(
                          Files.readAllBytes(Path.of("/proc/" + process.pid(), file)), ISO_8859_1));
                } catch (IOException _) {
                  // it has ended meanwhile
                }
              }
            });
  }

  @Test
  void whateverGoesWrong() throws Exception {
    Path good = configuration("good.yaml", endpoint, "");
    RunningAgent agent =
        opened(RunningAgent.start(installation, good, folder.resolve("agent.log"), port));
    await()
        .atMost(Duration.ofMinutes(2))
        .untilAsserted(
            () ->
                assertThat(agent.metrics())
                    .as(agent.log())
                    .contains("pgbackup_backup_last_success_timestamp_seconds{"));
    assertThat(run(good, "status").status()).isZero();
    assertThat(run(good, "backups", "--cluster", "orders").status()).isZero();
    apiSays("\"role\" : \"archiver\"");
    lookAtProcesses();

    // the API without its token, and with one that is too short
    fails(run(withoutToken(good), "status"), 4, "asks for its token");
    PrivateFile.write(token, CANARY);
    fails(run(good, "status"), 2, "is not at least 16");
    PrivateFile.write(token, TOKEN);

    // a credential that is half written, of another form, readable by all
    byte[] whole = Files.readAllBytes(document);
    PrivateFile.write(document, Arrays.copyOf(whole, whole.length - 80));
    fails(run(good, "clusters"), 5, "it is not JSON");
    apiSays("it is not JSON");
    PrivateFile.write(document, new String(whole, UTF_8).replace("\"version\":1", "\"version\":9"));
    fails(run(good, "clusters"), 5, "its version is not 1");
    PrivateFile.write(document, whole);
    Files.setPosixFilePermissions(document, PosixFilePermissions.fromString("rw-r--r--"));
    fails(run(good, "clusters"), 2, "can be read or changed by others");
    Files.setPosixFilePermissions(document, PosixFilePermissions.fromString("rw-------"));

    // a store that nobody serves, and one that refuses
    fails(run(configuration("off.yaml", "http://127.0.0.1:1", ""), "clusters"), 5, "refused");
    sessions.revokeAll();
    fails(run(good, "clusters"), 5, "credential expired");
    apiSays("credential expired");
    renew();

    // a key that is none, and secrets where they do not belong
    PrivateFile.write(key, CANARY);
    fails(run(good, "backups", "--cluster", "orders"), 2, "the key file");
    PrivateFile.write(key, CANARY + "-encryption-key-of-32-bytes");
    fails(
        run(
            configuration("inline.yaml", endpoint, "broker: { secretAccessKey: " + CANARY + " }"),
            "clusters"),
        2,
        "configuration");
    fails(
        run(configuration("broken.yaml", endpoint, "x: [ " + CANARY + " }"), "clusters"),
        2,
        "cannot be read: line");
    fails(
        run(Map.of("PGBACKUP_POSTGRES_PASSWORD", CANARY), good, "clusters"),
        2,
        "PGBACKUP_POSTGRES_PASSWORD_FILE");

    // then
    apiSays("\"expired\" : false");
    assertThat(agent.terminate()).isZero();
    seen.append(agent.log());
    seen.append(postgres.log());
    String all = seen.toString();
    assertThat(all).contains("not JSON", "agent started", "good.yaml").hasSizeGreaterThan(10_000);
    for (String secret : secrets) {
      assertThat(lines(all, secret)).as("lines with " + secret.substring(0, 6)).isEmpty();
    }
  }

  private Path withoutToken(Path configuration) throws IOException {
    return Files.writeString(
        folder.resolve("no-token.yaml"),
        Files.readString(configuration).replaceFirst(", tokenFile: \\S+", ""));
  }

  private static List<String> lines(String text, String secret) {
    return text.lines().filter(line -> line.contains(secret)).toList();
  }
}
