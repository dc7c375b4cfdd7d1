package io.pgbackup.credentials;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.config.PgBackupConfig.CredentialJson;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.nio.file.Path;
import java.time.Clock;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/// The credentials that a store is used with, wherever they come from, and what the store thinks of
/// them. Shared by all that uses one store.
///
/// Thread-safe.
public final class StoreCredentials {
  private final AwsCredentialsProvider source;
  private final boolean renewable;
  private final AtomicReference<@Nullable AwsCredentials> last = new AtomicReference<>();
  private final AtomicReference<@Nullable AwsCredentials> refused = new AtomicReference<>();

  private StoreCredentials(AwsCredentialsProvider source, boolean renewable) {
    this.source = source;
    this.renewable = renewable;
  }

  /// What the configuration names, otherwise what the SDK's default chain finds.
  public static StoreCredentials of(StorageConfig storage) {
    return of(storage, CredentialScope.anywhereIn(storage), Clock.systemUTC());
  }

  /// @param scope a document for something else is not used
  public static StoreCredentials of(
      StorageConfig storage, CredentialScope scope, InstantSource clock) {
    return storage
        .credentials()
        .map(
            named ->
                switch (named) {
                  case CredentialFiles files ->
                      new StoreCredentials(
                          new FileCredentialsProvider(files, clock), /* renewable= */ true);
                  case CredentialJson(Path file) ->
                      new StoreCredentials(
                          new DocumentCredentialsProvider(file, scope, clock),
                          /* renewable= */ true);
                })
        .orElseGet(() -> new StoreCredentials(new DefaultChain(), /* renewable= */ false));
  }

  /// Keys that were given as they are.
  public static StoreCredentials of(AccessKeys keys) {
    AwsCredentials given =
        keys.sessionToken()
            .<AwsCredentials>map(
                token ->
                    AwsSessionCredentials.create(keys.accessKeyId(), keys.secretAccessKey(), token))
            .orElseGet(
                () -> AwsBasicCredentials.create(keys.accessKeyId(), keys.secretAccessKey()));
    return new StoreCredentials(StaticCredentialsProvider.create(given), /* renewable= */ false);
  }

  /// For the SDK, which asks it at each request.
  public AwsCredentialsProvider provider() {
    return this::resolve;
  }

  private AwsCredentials resolve() {
    AwsCredentials now = source.resolveCredentials();
    last.set(now);
    return now;
  }

  /// What a request that begins now is sent with, unless they change meanwhile.
  public Used used() {
    return new Used(last.get());
  }

  /// What a request or a process that begins now is given; nothing where there are none.
  public Used current() {
    try {
      return new Used(resolve());
    } catch (PgBackupException _) {
      return new Used(null);
    }
  }

  /// A mark that shows nothing.
  public static final class Used {
    private final @Nullable AwsCredentials credentials;

    private Used(@Nullable AwsCredentials credentials) {
      this.credentials = credentials;
    }
  }

  /// Whether somebody can bring others while this process runs.
  public boolean renewable() {
    return renewable;
  }

  /// The store refused a request as one of somebody whom it does not know, or no longer knows. The
  /// files are read again at once.
  ///
  /// @return whether there are others now, so that the request may be sent again
  public boolean renewed(Used used) {
    AwsCredentials sent = last.get();
    if (sent == null) {
      return false;
    }
    if (!renewable) {
      refused.set(sent);
      return false;
    }
    if (used.credentials != null && !sent.equals(used.credentials)) {
      // they changed since the request began; perhaps it was sent with these already
      return true;
    }
    try {
      if (source instanceof DocumentCredentialsProvider document) {
        document.refused(sent);
      }
      boolean others = !resolve().equals(sent);
      refused.set(others ? null : sent);
      return others;
    } catch (PgBackupException _) {
      // what is wrong with the files is told by #state and at the next request
      refused.set(sent);
      return false;
    }
  }

  /// Whether others would be sent now. The SDK signs all its attempts at one request with the same.
  public boolean changedSince(Used used) {
    try {
      return used.credentials != null && !resolve().equals(used.credentials);
    } catch (PgBackupException _) {
      return false;
    }
  }

  /// A request was answered as one of somebody whom the store knows.
  public void accepted(Used used) {
    AwsCredentials before = refused.get();
    if (before != null && before.equals(used.credentials) && before.equals(last.get())) {
      refused.compareAndSet(before, null);
      if (source instanceof DocumentCredentialsProvider document) {
        document.accepted(before);
      }
    }
  }

  /// Why the store refuses them, where more is known than it says.
  public Optional<Problem> expiry() {
    return source instanceof DocumentCredentialsProvider document
        ? document.expiry()
        : Optional.empty();
  }

  /// What is known now. Looks at the files, asks nobody else.
  public CredentialState state() {
    if (source instanceof DocumentCredentialsProvider document) {
      return document.state();
    }
    AwsCredentials no = refused.get();
    boolean expired = no != null && no.equals(last.get());
    return new CredentialState(
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        expired,
        expired
            ? Optional.of(
                Problem.storageUnavailable(
                    "credential expired: the store does not know the one that is used, or no longer",
                    "Renew it where storage.credentials or the platform takes it from; until then"
                        + " PostgreSQL keeps its WAL."))
            : Optional.empty());
  }
}
