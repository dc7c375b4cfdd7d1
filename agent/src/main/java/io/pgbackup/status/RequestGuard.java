package io.pgbackup.status;

import com.sun.net.httpserver.Headers;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.net.InetAddress;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps web pages away from `/api`: a browser on this machine reaches loopback too, and a page can
/// make it send requests. A page's own name in `Host` betrays a rebound DNS name, and a page of
/// another origin cannot send `application/json` without asking first, which is never granted.
/// Keeps everybody away who does not know the token, where there is one.
final class RequestGuard {
  private static final Logger LOGGER = LoggerFactory.getLogger(RequestGuard.class);
  private static final Pattern HOST = Pattern.compile("(\\[[0-9a-f:]+]|[^:\\[\\]]+)(:[0-9]{1,5})?");
  private static final Pattern LOOPBACK =
      Pattern.compile("localhost|127(\\.[0-9]{1,3}){3}|\\[::1]");

  private final boolean loopback;
  private final Optional<ApiToken> token;

  /// Said once, not at each request.
  private volatile String fault = "";

  /// @param bound the address that the server listens on
  RequestGuard(InetAddress bound, Optional<ApiToken> token) {
    this.loopback = bound.isLoopbackAddress();
    this.token = token;
  }

  /// @return why a request to `/api` is refused; empty where it is not
  Optional<Reply> refusal(String method, Headers headers) {
    if (!loopback && token.isEmpty()) {
      return refused(
          "/api is not served off loopback without a token",
          "Name a file with one in http.tokenFile, or set http.listen to 127.0.0.1 and ask on that"
              + " machine; /metrics, /healthz and /readyz are served.");
    }
    Optional<Reply> stranger = token.flatMap(it -> strangersRefusal(it, headers));
    if (stranger.isPresent()) {
      return stranger;
    }
    if (loopback && !LOOPBACK.matcher(hostOf(headers)).matches()) {
      return refused(
          "the Host header does not name this machine's loopback address",
          "Ask http://127.0.0.1 or http://localhost.");
    }
    if (method.equals("POST") && !isJson(headers)) {
      return refused(
          "a POST needs the header Content-Type: application/json",
          "Send that header, also with an empty body.");
    }
    return Optional.empty();
  }

  /// As [#refusal], for a person with a browser: it asks for the token as a password.
  Optional<Reply> pageRefusal(Headers headers) {
    return refusal("GET", headers)
        .map(
            refusal ->
                refusal.status() == 401
                    ? refusal.with(
                        "WWW-Authenticate", "Basic realm=\"pgbackup: any name, and the token\"")
                    : refusal);
  }

  /// A stranger learns nothing of the token's file; who runs the agent reads of it in its log.
  private Optional<Reply> strangersRefusal(ApiToken needed, Headers headers) {
    try {
      boolean shown = isShown(needed, headers);
      fault = "";
      return shown
          ? Optional.empty()
          : Optional.of(
              Reply.failure(
                      401,
                      Problem.refused(
                          "this agent's /api asks for its token",
                          "Send the header Authorization: Bearer TOKEN, with what http.tokenFile"
                              + " holds; pgbackup --config FILE does."))
                  .with("WWW-Authenticate", "Bearer"));
    } catch (PgBackupException e) {
      String now = e.problem().message();
      if (!now.equals(fault)) {
        fault = now;
        LOGGER.atWarn().addKeyValue("reason", fault).log("/api answers nobody");
      }
      return Optional.of(
          Reply.failure(
              503,
              Problem.misconfigured(
                  "this agent's /api asks for a token, which the agent cannot read",
                  "Its log says why.")));
    }
  }

  private static boolean isShown(ApiToken token, Headers headers) {
    String shown = headers.getFirst("Authorization");
    return token.isShownBy(shown == null ? "" : shown);
  }

  private static Optional<Reply> refused(String message, String hint) {
    return Optional.of(Reply.failure(403, Problem.refused(message, hint)));
  }

  private static String hostOf(Headers headers) {
    Matcher matcher = HOST.matcher(first(headers, "Host"));
    return matcher.matches() ? matcher.group(1) : "";
  }

  private static boolean isJson(Headers headers) {
    return first(headers, "Content-Type").split(";", 2)[0].strip().equals("application/json");
  }

  private static String first(Headers headers, String name) {
    String value = headers.getFirst(name);
    return value == null ? "" : value.toLowerCase(Locale.ROOT);
  }
}
