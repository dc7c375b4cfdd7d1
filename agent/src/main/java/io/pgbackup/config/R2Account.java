package io.pgbackup.config;

import java.net.URI;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Whose R2 it is, and under which law its bucket stands: both are in the endpoint's name, and a
/// bucket answers on no other one. Immutable.
///
/// @param id 32 hexadecimal digits
public record R2Account(String id, Jurisdiction jurisdiction) {
  static final String ID = "[0-9a-f]{32}";
  private static final Pattern HOST =
      Pattern.compile("(" + ID + ")(?:\\.([a-z]+))?\\.r2\\.cloudflarestorage\\.com");

  /// What a bucket was created with.
  public enum Jurisdiction {
    /// None in particular.
    DEFAULT,
    EU,
    FEDRAMP;

    /// As Cloudflare and the configuration write it: `fedramp`.
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public R2Account {
    if (!id.matches(ID)) {
      throw new IllegalArgumentException("'" + id + "' is not the id of an account");
    }
  }

  /// Reads it back from an address of R2; empty for any other.
  public static Optional<R2Account> of(URI endpoint) {
    Matcher host = HOST.matcher(String.valueOf(endpoint.getHost()));
    if (!host.matches()) {
      return Optional.empty();
    }
    String label = Optional.ofNullable(host.group(2)).orElse(Jurisdiction.DEFAULT.word());
    return Arrays.stream(Jurisdiction.values())
        .filter(jurisdiction -> jurisdiction.word().equals(label))
        .map(jurisdiction -> new R2Account(host.group(1), jurisdiction))
        .findFirst();
  }

  public URI endpoint() {
    String label = jurisdiction == Jurisdiction.DEFAULT ? "" : "." + jurisdiction.word();
    return URI.create("https://" + id + label + ".r2.cloudflarestorage.com");
  }
}
