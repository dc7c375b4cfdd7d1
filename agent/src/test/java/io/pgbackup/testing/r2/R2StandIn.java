package io.pgbackup.testing.r2;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.pgbackup.testing.SignedRequest;
import io.pgbackup.testing.SignedRequest.Authorization;
import io.pgbackup.testing.r2.R2Answer.Refusal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Stands in for Cloudflare R2, which no test can have. What passes here keeps to Cloudflare's
/// documentation; whether Cloudflare itself keeps to it, this cannot show.
///
/// Strict where R2 is said to be: Signature Version 4 with the region `auto`, no header and no
/// resource that R2 does not implement, a length for every body, equal parts, one write a second to
/// a key, 401 for what expired, and for a temporary credential its bucket, actions and prefixes.
public final class R2StandIn implements AutoCloseable {
  public static final String ACCOUNT = "0123456789abcdef0123456789abcdef";
  public static final String PARENT_ID = "1".repeat(32);
  public static final String PARENT_SECRET =
      "2d38400385ce4bd5280b72ae6c99e3d821c1fe3a53ab9887c59e4d58bbee60d9";
  public static final String BUCKET = "backups";

  private final HttpServer server;
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("r2-stand-in-", 0).factory());
  private final InstantSource clock;
  private final R2Bucket bucket = new R2Bucket();
  private final Map<String, Long> written = new ConcurrentHashMap<>();
  private final List<R2Request> requests = new CopyOnWriteArrayList<>();
  private final List<String> faults = new CopyOnWriteArrayList<>();
  private final List<String> throttled = new CopyOnWriteArrayList<>();

  /// @param clock by which credentials expire
  public R2StandIn(InstantSource clock) {
    this.clock = clock;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/", this::serve);
    server.setExecutor(threads);
    server.start();
  }

  public URI endpoint() {
    return URI.create("http://" + host());
  }

  private String host() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  public List<R2Request> requests() {
    return List.copyOf(requests);
  }

  /// What R2 would not have understood.
  public List<String> faults() {
    return List.copyOf(faults);
  }

  /// Keys whose writers were told to slow down, once for each time.
  public List<String> throttled() {
    return List.copyOf(throttled);
  }

  public List<String> keys() {
    return bucket.keys();
  }

  public Optional<byte[]> content(String key) {
    return bucket.content(key);
  }

  /// Keys of uploads that were neither completed nor aborted.
  public List<String> keysUnderWay() {
    return bucket.keysUnderWay();
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      R2Request request = R2Request.of(SignedRequest.read(exchange));
      requests.add(request);
      R2Answer answer = answer(request);
      answer.headers().forEach(exchange.getResponseHeaders()::set);
      boolean head = request.signed().method().equals("HEAD");
      if (head) {
        exchange.getResponseHeaders().set("Content-Length", Integer.toString(answer.body().length));
      }
      boolean empty = head || answer.body().length == 0;
      exchange.sendResponseHeaders(answer.status(), empty ? -1 : answer.body().length);
      if (!empty) {
        exchange.getResponseBody().write(answer.body());
      }
    }
  }

  private R2Answer answer(R2Request request) {
    SignedRequest signed = request.signed();
    Optional<String> unsupported = request.unsupported();
    if (unsupported.isPresent()) {
      return fault(Refusal.NOT_IMPLEMENTED, request.operation() + " with " + unsupported.get());
    }
    boolean sends =
        Set.of("PutObject", "UploadPart", "DeleteObjects", "CompleteMultipartUpload")
            .contains(request.operation());
    if (sends && signed.header("content-length").isEmpty()) {
      return fault(Refusal.MISSING_CONTENT_LENGTH, request.operation() + " without a length");
    }
    Optional<Authorization> authorization = signed.authorization();
    if (authorization.isEmpty()) {
      return R2Answer.refusal(Refusal.UNAUTHORIZED, "Unauthorized");
    }
    if (!authorization.get().region().equals("auto")
        || !authorization.get().service().equals("s3")) {
      return fault(Refusal.SIGNATURE_DOES_NOT_MATCH, "signed for " + authorization.get());
    }
    Optional<String> token = signed.header("x-amz-security-token");
    Optional<R2Session> session =
        token.flatMap(
            it ->
                R2Session.verified(it, PARENT_SECRET, ACCOUNT, host(), clock.instant())
                    .filter(found -> found.issuer().equals(PARENT_ID)));
    boolean known =
        authorization.get().accessKeyId().equals(PARENT_ID)
            && (token.isEmpty() || session.isPresent());
    if (!known) {
      return R2Answer.refusal(Refusal.UNAUTHORIZED, "Unauthorized");
    }
    if (!isSigned(signed, session.map(R2Session::secret).orElse(PARENT_SECRET))) {
      return R2Answer.refusal(Refusal.SIGNATURE_DOES_NOT_MATCH, "The signature does not match.");
    }
    return answer(request, session);
  }

  private R2Answer answer(R2Request request, Optional<R2Session> session) {
    if (session.isPresent() && !session.get().allows(request)) {
      return R2Answer.refusal(Refusal.ACCESS_DENIED, "Access Denied");
    }
    if (!request.bucket().equals(BUCKET)) {
      return R2Answer.refusal(Refusal.NO_SUCH_BUCKET, "The specified bucket does not exist.");
    }
    if (request.writes() && !mayWriteNow(request.key())) {
      throttled.add(request.key());
      return R2Answer.refusal(Refusal.TOO_MANY_REQUESTS, "Reduce your concurrent request rate.");
    }
    return bucket.answer(request, key -> session.map(found -> found.reaches(key)).orElse(true));
  }

  private static boolean isSigned(SignedRequest request, String secret) {
    String hash = request.header("x-amz-content-sha256").orElse("");
    boolean honest =
        hash.equals("UNSIGNED-PAYLOAD")
            || hash.equals(SignedRequest.hex(SignedRequest.sha256(request.body())));
    return honest
        && request
            .authorization()
            .filter(authorization -> request.isSignedBy(secret, authorization, hash))
            .isPresent();
  }

  private boolean mayWriteNow(String key) {
    long now = System.nanoTime();
    long second = Duration.ofSeconds(1).toNanos();
    Long kept =
        written.compute(key, (_, last) -> last == null || now - last >= second ? now : last);
    return kept == now;
  }

  private R2Answer fault(Refusal refusal, String fault) {
    faults.add(fault);
    return R2Answer.refusal(refusal, fault);
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
