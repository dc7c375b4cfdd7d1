package io.pgbackup.cli.command;

import io.pgbackup.credentials.r2.CloudflareAccess;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// How Cloudflare's API is reached, for this one run: the token stands in no configuration, since
/// whoever holds it can take locks away.
final class CloudflareOptions {
  @Option(
      names = "--cloudflare-token-file",
      paramLabel = "FILE",
      description =
          "File with a Cloudflare API token with the permission 'Workers R2 Storage': Read to look at"
              + " lock rules, Edit to write them.")
  private @Nullable Path tokenFile;

  @Option(
      names = "--cloudflare-api",
      paramLabel = "URL",
      description = "Address of Cloudflare's API, if it is reached through another one.")
  private @Nullable URI api;

  /// Empty where no token is named.
  Optional<CloudflareAccess> access() {
    return Optional.ofNullable(tokenFile)
        .map(file -> CloudflareAccess.of(Optional.ofNullable(api), file.toAbsolutePath()));
  }
}
