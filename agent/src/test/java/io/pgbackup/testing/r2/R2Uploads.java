package io.pgbackup.testing.r2;

import io.pgbackup.testing.r2.R2Answer.Refusal;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Uploads under way. Not thread-safe.
final class R2Uploads {
  private static final int LEAST_PART = 5 << 20;
  private static final Pattern PART = Pattern.compile("(?s)<Part>(.*?)</Part>");

  /// @param metadata of the object to be
  record Upload(String key, Map<String, String> metadata, TreeMap<Integer, R2Object> parts) {}

  private final Map<String, Upload> uploads = new TreeMap<>();

  String begin(String key, Map<String, String> metadata) {
    String id = UUID.randomUUID().toString();
    uploads.put(id, new Upload(key, metadata, new TreeMap<>()));
    return id;
  }

  Optional<Upload> find(R2Request request) {
    return Optional.ofNullable(uploads.get(request.parameter("uploadId")))
        .filter(upload -> upload.key().equals(request.key()));
  }

  void end(R2Request request) {
    uploads.remove(request.parameter("uploadId"));
  }

  List<String> keys() {
    return uploads.values().stream().map(Upload::key).toList();
  }

  /// What completing this upload with these parts makes, or why it makes nothing.
  ///
  /// @param body the request's
  /// @param content where the object's bytes go
  static Optional<R2Answer> join(Upload upload, String body, ByteArrayOutputStream content) {
    List<R2Object> parts = new ArrayList<>();
    for (Matcher part = PART.matcher(body); part.find(); ) {
      R2Object stored = upload.parts().get(Integer.parseInt(element(part.group(1), "PartNumber")));
      if (stored == null || !stored.tag().equals(element(part.group(1), "ETag"))) {
        return Optional.of(
            R2Answer.refusal(Refusal.INVALID_PART, "One or more parts could not be found."));
      }
      parts.add(stored);
    }
    if (parts.isEmpty()) {
      return Optional.of(R2Answer.refusal(Refusal.INVALID_PART, "There are no parts."));
    }
    int size = parts.getFirst().content().length;
    for (R2Object part : parts.subList(0, parts.size() - 1)) {
      if (part.content().length != size) {
        return Optional.of(
            R2Answer.refusal(
                Refusal.INVALID_PART, "All non-trailing parts must have the same length."));
      }
      if (size < LEAST_PART) {
        return Optional.of(
            R2Answer.refusal(
                Refusal.ENTITY_TOO_SMALL, "Your proposed upload is smaller than the minimum."));
      }
    }
    if (parts.getLast().content().length > size) {
      return Optional.of(
          R2Answer.refusal(Refusal.INVALID_PART, "The last part is greater than the others."));
    }
    parts.forEach(part -> content.writeBytes(part.content()));
    return Optional.empty();
  }

  private static String element(String xml, String name) {
    Matcher matcher = Pattern.compile("<%1$s>(.*?)</%1$s>".formatted(name)).matcher(xml);
    return matcher.find() ? matcher.group(1).replace("&quot;", "\"") : "";
  }
}
