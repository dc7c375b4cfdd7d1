package io.pgbackup.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.config.ConfigLoader;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.encryption.Encryption;
import io.pgbackup.problem.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeysAndEngineTest {
  @TempDir Path folder;

  private static PgBackupConfig config(String more) {
    return new ConfigLoader(Map.of())
        .parse("test", "cluster: { name: orders }\nstorage: { url: s3://backups }\n" + more);
  }

  private Path secret(String content, String mode) throws IOException {
    Path file = Files.writeString(folder.resolve("secret-" + mode), content);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }

  @Test
  void aKeyIsTriedBothWays() throws IOException {
    Path key =
        secret("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", "rw-------");
    PgBackupConfig config =
        config(
            "encryption: { method: libsodium, keyTransform: hex, keyFile: %s }\n".formatted(key));

    var cipher = Encryption.open(config.encryption());

    assertThat(EncryptionChecks.keys(cipher, false))
        .isInstanceOfSatisfying(
            Outcome.Pass.class,
            pass -> assertThat(pass.found()).contains(cipher.fingerprint().orElseThrow()));
    assertThat(EncryptionChecks.roundTrip(cipher)).isInstanceOf(Outcome.Pass.class);
    assertThat(EncryptionChecks.roundTrip(Encryption.open(config("").encryption())))
        .isInstanceOf(Outcome.Skip.class);
  }

  @Test
  void aKeyThatIsMissingShutsTheRest() {
    Findings findings =
        Findings.of(
            new EncryptionChecks(
                    config(
                        "encryption: { method: libsodium, keyFile: %s }\n"
                            .formatted(folder.resolve("nowhere"))),
                    () -> {
                      throw new AssertionError("no store is asked");
                    })
                .group());

    assertThat(findings.of("keys").found()).contains("nowhere");
    assertThat(findings.names(Outcome.Skip.class)).containsExactly("round-trip", "archive");
  }

  @Test
  void theEngineOfThisMachineWorks() {
    Findings findings = Findings.of(new EngineChecks(config("")).group());

    assertThat(findings.names(Outcome.Fail.class)).as("%s", findings).isEmpty();
    assertThat(findings.of("codecs")).isInstanceOf(Outcome.Pass.class);
    assertThat(findings.of("wal-g")).isInstanceOf(Outcome.Skip.class);
  }

  @Test
  void awalgThatIsNoneIsNamed() throws IOException {
    Path binary = secret("#!/bin/sh\necho something else\n", "rwxr-xr-x");
    Findings findings =
        Findings.of(
            new EngineChecks(
                    config("engine: { backup: wal-g, walgBinary: %s }\n".formatted(binary)))
                .group());

    assertThat(findings.of("wal-g").found()).contains(binary.toString(), "wal-g");
    assertThat(findings.names(Outcome.Fail.class)).containsExactly("wal-g");
  }

  @Test
  void aTightLimitAndAnOldJavaAreSaid() {
    assertThat(EngineChecks.memory(Optional.of(256L << 20))).isInstanceOf(Outcome.Warn.class);
    assertThat(EngineChecks.memory(Optional.of(1L << 30))).isInstanceOf(Outcome.Pass.class);
    assertThat(EngineChecks.memory(Optional.empty())).isInstanceOf(Outcome.Pass.class);
    assertThat(EngineChecks.java(Runtime.Version.parse("21.0.1"))).isInstanceOf(Outcome.Fail.class);
  }

  @Test
  void secretsThatOthersReadAreNamed() throws IOException {
    Path closed = secret("x", "rw-------");
    Path open = secret("x", "rw-r--r--");

    assertThat(SecretFiles.judge(config("postgres: { passwordFile: %s }\n".formatted(closed))))
        .isInstanceOf(Outcome.Pass.class);
    assertThat(SecretFiles.judge(config("postgres: { passwordFile: %s }\n".formatted(open))))
        .isInstanceOfSatisfying(
            Outcome.Fail.class,
            fail -> {
              assertThat(fail.found()).contains(open.toString());
              assertThat(ExitStatus.of(fail.problem())).isEqualTo(ExitStatus.USAGE);
            });
  }

  @Test
  void theScheduleSaysWhenItComesNext() {
    Instant now = Instant.parse("2026-11-21T05:00:00Z");

    assertThat(AgentChecks.schedule(config(""), now).found()).contains("2026-11-22T02:00:00Z");
    assertThat(AgentChecks.schedule(config("backup: { enabled: false }\n"), now))
        .isInstanceOf(Outcome.Warn.class);
  }
}
