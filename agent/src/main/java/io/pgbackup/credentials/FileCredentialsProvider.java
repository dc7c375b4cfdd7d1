package io.pgbackup.credentials;

import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.secret.SecretFile;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;

/// Reads credentials from files of one secret each, and again when one of them changed: a rotated
/// secret is used from the next request on.
///
/// Thread-safe.
public final class FileCredentialsProvider implements AwsCredentialsProvider {
  private static final int ATTEMPTS = 5;

  private final CredentialFiles files;
  private final InstantSource clock;
  private volatile @Nullable Loaded loaded;

  public FileCredentialsProvider(CredentialFiles files, InstantSource clock) {
    this.files = files;
    this.clock = clock;
  }

  private record Loaded(List<Fingerprint> fingerprints, AwsCredentials credentials) {}

  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if a file cannot be read or is
  ///   empty
  @Override
  public AwsCredentials resolveCredentials() {
    List<Fingerprint> before = fingerprints();
    Loaded known = loaded;
    if (known != null && known.fingerprints().equals(before)) {
      return known.credentials();
    }
    for (int attempt = 1; ; attempt++) {
      AwsCredentials credentials = read();
      List<Fingerprint> after = fingerprints();
      // Otherwise the id may be the old one and its secret the new one.
      if (after.equals(before) || attempt == ATTEMPTS) {
        boolean mayBeKept = after.stream().allMatch(file -> file.isSettled(clock));
        loaded = mayBeKept ? new Loaded(after, credentials) : null;
        return credentials;
      }
      before = after;
    }
  }

  private List<Fingerprint> fingerprints() {
    return Stream.concat(
            Stream.of(files.accessKeyIdFile(), files.secretAccessKeyFile()),
            files.sessionTokenFile().stream())
        .map(Fingerprint::of)
        .toList();
  }

  private AwsCredentials read() {
    String id = secret(files.accessKeyIdFile());
    String secret = secret(files.secretAccessKeyFile());
    Optional<String> token = files.sessionTokenFile().map(FileCredentialsProvider::secret);
    return token.isPresent()
        ? AwsSessionCredentials.create(id, secret, token.get())
        : AwsBasicCredentials.create(id, secret);
  }

  private static String secret(Path file) {
    return SecretFile.text(file, "credential file");
  }

  @Override
  public String toString() {
    return "FileCredentialsProvider[" + files.accessKeyIdFile() + "]";
  }
}
