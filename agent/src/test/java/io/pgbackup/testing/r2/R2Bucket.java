package io.pgbackup.testing.r2;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.testing.SignedRequest;
import io.pgbackup.testing.r2.R2Answer.Refusal;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/// Objects in memory and the operations on them; who asks was judged before.
final class R2Bucket {
  private static final int PAGE = 1000;
  private final TreeMap<String, R2Object> objects = new TreeMap<>();
  private final R2Uploads uploads = new R2Uploads();

  /// @param mayDelete judges single keys of a batch
  synchronized R2Answer answer(R2Request request, Predicate<String> mayDelete) {
    Optional<R2Answer> damaged = damaged(request.signed());
    if (damaged.isPresent()) {
      return damaged.get();
    }
    return switch (request.operation()) {
      case "PutObject" -> put(request);
      case "GetObject", "HeadObject" -> get(request);
      case "DeleteObject" -> {
        objects.remove(request.key());
        yield new R2Answer(204, Map.of(), new byte[0]);
      }
      case "DeleteObjects" -> deleteAll(request, mayDelete);
      case "ListObjectsV1", "ListObjectsV2" -> list(request);
      case "CreateMultipartUpload" -> begin(request);
      case "UploadPart" -> part(request);
      case "CompleteMultipartUpload" -> complete(request);
      case "AbortMultipartUpload" -> {
        boolean known = uploads.find(request).isPresent();
        uploads.end(request);
        yield known ? new R2Answer(204, Map.of(), new byte[0]) : noSuchUpload();
      }
      case "ListParts" ->
          uploads
              .find(request)
              .map(_ -> R2Answer.xml("<ListPartsResult></ListPartsResult>"))
              .orElseGet(R2Bucket::noSuchUpload);
      default -> R2Answer.refusal(Refusal.NOT_IMPLEMENTED, request.operation());
    };
  }

  synchronized Optional<byte[]> content(String key) {
    return Optional.ofNullable(objects.get(key)).map(R2Object::content);
  }

  synchronized List<String> keys() {
    return List.copyOf(objects.keySet());
  }

  synchronized List<String> keysUnderWay() {
    return uploads.keys();
  }

  private static Optional<R2Answer> damaged(SignedRequest request) {
    var crc = new CRC32C();
    crc.update(request.body());
    String own = base64(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    boolean holds =
        request.header("x-amz-checksum-crc32c").map(own::equals).orElse(true)
            && request
                .header("content-md5")
                .map(base64(SignedRequest.digest("MD5", request.body()))::equals)
                .orElse(true);
    return holds
        ? Optional.empty()
        : Optional.of(R2Answer.refusal(Refusal.BAD_DIGEST, "The checksum does not match."));
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private Optional<R2Answer> refusedByCondition(R2Request request) {
    R2Object there = objects.get(request.key());
    boolean create = request.signed().header("if-none-match").map("*"::equals).orElse(false);
    Optional<String> match = request.signed().header("if-match");
    boolean refused =
        (create && there != null)
            || (match.isPresent() && (there == null || !there.tag().equals(match.get())));
    return refused
        ? Optional.of(R2Answer.refusal(Refusal.PRECONDITION_FAILED, "At least one does not hold."))
        : Optional.empty();
  }

  private R2Answer put(R2Request request) {
    return refusedByCondition(request)
        .orElseGet(
            () -> {
              R2Object object = new R2Object(request.signed().body(), metadata(request));
              objects.put(request.key(), object);
              return R2Answer.ok().with("ETag", object.tag());
            });
  }

  private static Map<String, String> metadata(R2Request request) {
    Map<String, String> metadata = new TreeMap<>(request.signed().headers());
    metadata.keySet().removeIf(name -> !name.startsWith("x-amz-meta-"));
    return metadata;
  }

  private R2Answer get(R2Request request) {
    R2Object object = objects.get(request.key());
    if (object == null) {
      return R2Answer.refusal(Refusal.NO_SUCH_KEY, "The specified key does not exist.");
    }
    Optional<R2Answer> refused = refusedByCondition(request);
    if (refused.isPresent()) {
      return refused.get();
    }
    int from =
        request
            .signed()
            .header("range")
            .map(range -> Integer.parseInt(range.replaceAll("bytes=(\\d+)-.*", "$1")))
            .orElse(0);
    int length = object.content().length;
    R2Answer answer =
        new R2Answer(
                from == 0 ? 200 : 206,
                object.metadata(),
                Arrays.copyOfRange(object.content(), from, length))
            .with("ETag", object.tag())
            .with(
                "Last-Modified",
                DateTimeFormatter.RFC_1123_DATE_TIME.format(
                    object.modified().atOffset(ZoneOffset.UTC)));
    return from == 0
        ? answer
        : answer.with("Content-Range", "bytes %d-%d/%d".formatted(from, length - 1, length));
  }

  private R2Answer deleteAll(R2Request request, Predicate<String> mayDelete) {
    var result = new StringBuilder("<DeleteResult>");
    String body = new String(request.signed().body(), UTF_8);
    for (MatchResult key : Pattern.compile("<Key>(.*?)</Key>").matcher(body).results().toList()) {
      if (mayDelete.test(key.group(1))) {
        objects.remove(key.group(1));
      } else {
        result.append(
            "<Error><Key>%s</Key><Code>AccessDenied</Code><Message>no</Message></Error>"
                .formatted(key.group(1)));
      }
    }
    return R2Answer.xml(result + "</DeleteResult>");
  }

  private R2Answer list(R2Request request) {
    String prefix = request.parameter("prefix");
    String delimiter = request.parameter("delimiter");
    String after = request.parameter("continuation-token");
    var folders = new TreeSet<String>();
    var found = new TreeMap<String, R2Object>();
    boolean more = false;
    for (var candidate : objects.tailMap(after, false).entrySet()) {
      String key = candidate.getKey();
      if (!key.startsWith(prefix)) {
        continue;
      }
      if (found.size() + folders.size() == PAGE) {
        more = true;
        break;
      }
      int end = delimiter.isEmpty() ? -1 : key.indexOf(delimiter, prefix.length());
      if (end < 0) {
        found.put(key, candidate.getValue());
      } else {
        folders.add(key.substring(0, end + 1));
      }
      after = key;
    }
    var xml = new StringBuilder("<ListBucketResult><IsTruncated>" + more + "</IsTruncated>");
    if (more) {
      xml.append("<NextContinuationToken>" + after + "</NextContinuationToken>");
    }
    found.forEach((key, object) -> xml.append(entry(key, object)));
    folders.forEach(
        folder -> xml.append("<CommonPrefixes><Prefix>" + folder + "</Prefix></CommonPrefixes>"));
    return R2Answer.xml(xml + "</ListBucketResult>");
  }

  private static String entry(String key, R2Object object) {
    return "<Contents><Key>%s</Key><LastModified>%s</LastModified><ETag>%s</ETag><Size>%d</Size></Contents>"
        .formatted(
            key, object.modified(), object.tag().replace("\"", "&quot;"), object.content().length);
  }

  private R2Answer begin(R2Request request) {
    String id = uploads.begin(request.key(), metadata(request));
    return R2Answer.xml(
        "<InitiateMultipartUploadResult><Bucket>%s</Bucket><Key>%s</Key><UploadId>%s</UploadId></InitiateMultipartUploadResult>"
            .formatted(request.bucket(), request.key(), id));
  }

  private R2Answer part(R2Request request) {
    return uploads
        .find(request)
        .map(
            upload -> {
              R2Object part = new R2Object(request.signed().body(), Map.of());
              upload.parts().put(Integer.parseInt(request.parameter("partNumber")), part);
              return R2Answer.ok().with("ETag", part.tag());
            })
        .orElseGet(R2Bucket::noSuchUpload);
  }

  private R2Answer complete(R2Request request) {
    Optional<R2Uploads.Upload> upload = uploads.find(request);
    if (upload.isEmpty()) {
      return noSuchUpload();
    }
    var content = new ByteArrayOutputStream();
    String body = new String(request.signed().body(), UTF_8);
    return refusedByCondition(request)
        .or(() -> R2Uploads.join(upload.get(), body, content))
        .orElseGet(
            () -> {
              R2Object object = new R2Object(content.toByteArray(), upload.get().metadata());
              objects.put(request.key(), object);
              uploads.end(request);
              return R2Answer.xml(
                  "<CompleteMultipartUploadResult><Key>%s</Key><ETag>%s</ETag></CompleteMultipartUploadResult>"
                      .formatted(request.key(), object.tag().replace("\"", "&quot;")));
            });
  }

  private static R2Answer noSuchUpload() {
    return R2Answer.refusal(
        Refusal.NO_SUCH_UPLOAD, "The specified multipart upload does not exist.");
  }
}
