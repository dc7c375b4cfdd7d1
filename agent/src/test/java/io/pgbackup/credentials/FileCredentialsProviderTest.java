package io.pgbackup.credentials;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.testing.PrivateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;

class FileCredentialsProviderTest {
  @TempDir Path directory;
  private Path id;
  private Path secret;
  private Path token;

  @BeforeEach
  void write() throws IOException {
    id = PrivateFile.write(directory.resolve("id"), "AKIA1\n");
    secret = PrivateFile.write(directory.resolve("secret"), "s3cr3t/1\r\n");
    token = PrivateFile.write(directory.resolve("token"), "token1");
  }

  private FileCredentialsProvider provider(Optional<Path> tokenFile) {
    return new FileCredentialsProvider(
        new CredentialFiles(id, secret, tokenFile), InstantSource.system());
  }

  @Test
  void readsFilesWithoutTheirLineEnds() {
    assertThat(provider(Optional.empty()).resolveCredentials())
        .isEqualTo(AwsBasicCredentials.create("AKIA1", "s3cr3t/1"));
    assertThat(provider(Optional.of(token)).resolveCredentials())
        .isEqualTo(AwsSessionCredentials.create("AKIA1", "s3cr3t/1", "token1"));
  }

  @Test
  void takesRotatedSecretsFromTheNextRequestOn() throws IOException {
    // given
    var provider = provider(Optional.empty());
    provider.resolveCredentials();

    // when: the same length, within the same tick of the clock
    PrivateFile.write(id, "AKIA2\n");
    PrivateFile.write(secret, "s3cr3t/2\n");

    // then
    assertThat(provider.resolveCredentials())
        .isEqualTo(AwsBasicCredentials.create("AKIA2", "s3cr3t/2"));
  }

  @Test
  void takesSecretsThatAreSwappedByRenameAfterTheyWereKept() throws IOException {
    // given: files so old that what they hold is kept
    InstantSource later = () -> Instant.now().plus(Duration.ofHours(1));
    var provider =
        new FileCredentialsProvider(new CredentialFiles(id, secret, Optional.empty()), later);
    assertThat(provider.resolveCredentials()).isSameAs(provider.resolveCredentials());

    // when
    Path next = PrivateFile.write(directory.resolve("next"), "s3cr3t/2\n");
    Files.move(next, secret, StandardCopyOption.ATOMIC_MOVE);

    // then
    assertThat(provider.resolveCredentials())
        .isEqualTo(AwsBasicCredentials.create("AKIA1", "s3cr3t/2"));
  }

  @Test
  void saysWhichFileIsMissingOrEmpty() throws IOException {
    var provider = provider(Optional.of(token));

    PrivateFile.write(token, " \n");
    assertMisconfigured(provider, token);

    Files.delete(secret);
    assertMisconfigured(provider, secret);
  }

  @Test
  void neverPrintsASecret() {
    var provider = provider(Optional.of(token));

    assertThat(provider + " " + provider.resolveCredentials())
        .doesNotContain("s3cr3t")
        .doesNotContain("token1");
  }

  private static void assertMisconfigured(FileCredentialsProvider provider, Path file) {
    assertThatThrownBy(provider::resolveCredentials)
        .hasMessageContaining(file.toString())
        .isInstanceOfSatisfying(
            PgBackupException.class,
            failure -> assertThat(failure.problem()).isInstanceOf(Problem.Misconfigured.class));
  }
}
