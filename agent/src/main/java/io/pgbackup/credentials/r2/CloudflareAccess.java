package io.pgbackup.credentials.r2;

import io.pgbackup.problem.Problem;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;

/// How Cloudflare's API is reached: an address, and the file with an API token, which is read at
/// each request. Immutable.
///
/// @param api with `/client/v4`
public record CloudflareAccess(URI api, Path tokenFile) {
  /// Cloudflare's own.
  public static final URI API = URI.create("https://api.cloudflare.com/client/v4");

  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if the token would go over the
  ///   network in clear
  public CloudflareAccess {
    String host = String.valueOf(api.getHost());
    boolean here = host.equals("localhost") || host.equals("[::1]") || host.startsWith("127.");
    boolean plain = "http".equals(api.getScheme()) && here;
    if (!plain && !"https".equals(api.getScheme())) {
      throw Problem.misconfigured(
              "the address of Cloudflare's API is not https: " + api,
              "Leave it out for Cloudflare's own, " + API + ".")
          .asException();
    }
  }

  public static CloudflareAccess of(Optional<URI> api, Path tokenFile) {
    return new CloudflareAccess(api.orElse(API), tokenFile);
  }
}
