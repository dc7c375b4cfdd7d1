package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigVerbsTest {
  private static final String VALID =
      """
      cluster: { name: orders }
      storage: { url: "s3://backups" }
      backup: { schedule: "0 4 * * *" }
      http: { tokenFile: /run/secrets/token }
      """;

  @TempDir private Path folder;

  private Path file(String yaml) throws IOException {
    return Files.writeString(folder.resolve("pgbackup.yaml"), yaml);
  }

  private static Surroundings with(Map<String, String> environment) {
    return new Surroundings(
        environment, Clock.systemUTC(), () -> ZoneOffset.UTC, _ -> Optional.empty());
  }

  @Test
  void aValidConfigurationPasses() throws IOException {
    Path file = file(VALID);

    assertThat(Run.of("config", "check", file.toString()))
        .isEqualTo(
            new Run(0, file + " is valid: 4 keys from the file, 0 from the environment\n", ""));
    assertThat(Run.of("--config", file.toString(), "config", "check").status()).isZero();
    assertThat(Run.of(with(Map.of("PGBACKUP_CONFIG", file.toString())), "config", "check").status())
        .isZero();
  }

  @Test
  void aBrokenOneIsRefusedWithEveryFault() throws IOException {
    Path file = file("{cluster: {name: orders}, storage: {urll: a}, backup: {threads: many}}");

    Run run = Run.of("config", "check", file.toString());

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
    assertThat(run.err())
        .startsWith("ERROR: configuration " + file + " has 3 problems:\n")
        .contains("storage.url: missing", "did you mean 'url'?", "backup.threads: must be a whole");
  }

  @Test
  void scriptsLearnItFromJson() throws IOException {
    JsonNode valid = json(Run.of("config", "check", file(VALID).toString(), "-o", "json"));
    Run refused = Run.of("config", "check", file("{wall: {}}").toString(), "-o", "json");

    assertThat(valid.path("valid").booleanValue()).isTrue();
    assertThat(valid.path("problem").isNull()).isTrue();
    assertThat(refused.status()).isEqualTo(2);
    assertThat(json(refused).path("valid").booleanValue()).isFalse();
    assertThat(json(refused).path("problem").textValue()).contains("did you mean 'wal'?");
  }

  private static JsonNode json(Run run) throws IOException {
    return new JsonMapper().readTree(run.out());
  }

  @Test
  void showsEveryKeyWithItsValueAndWhoSaysSo() throws IOException {
    Path file = file(VALID);

    Run run =
        Run.of(
            with(Map.of("PGBACKUP_BACKUP_TIME_ZONE", "Europe/Berlin")),
            "config",
            "show",
            file.toString());

    assertThat(run.status()).isZero();
    assertThat(run.out().lines().map(line -> line.replaceAll(" {2,}", "|")))
        .startsWith("KEY|VALUE|FROM", "cluster.name|orders|file")
        .contains(
            "backup.schedule|0 4 * * *|file",
            "backup.timeZone|Europe/Berlin|$PGBACKUP_BACKUP_TIME_ZONE",
            "wal.compression|lz4|default",
            "encryption.keyFile|-|default",
            "http.tokenFile|/run/secrets/token|file")
        .noneMatch(line -> line.startsWith("broker."));
    JsonNode key =
        json(Run.of("config", "show", file.toString(), "-o", "json")).path("keys").path(0);
    assertThat(key.path("key").textValue()).isEqualTo("cluster.name");
    assertThat(key.path("from").textValue()).isEqualTo("file");
  }

  @Test
  void withoutAFileItSaysHowToNameOne() {
    Run run = Run.of("config", "show");

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).startsWith("ERROR: no configuration is named\nHINT: ");
  }
}
