package drawbridge.interop;

import com.google.gson.Gson;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Security;
import java.util.List;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/**
 * One action with one library: reads a JSON request from standard input, prints the JSON result. The library is named by the
 * first argument; with `version` as the second one, that is all it says.
 */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) throws Exception {
    if (arguments.length > 1 && arguments[1].equals("version")) {
      System.out.println("version " + version(arguments[0]));
      return;
    }
    // Behind the providers of the platform: asked only for what those lack, which is ML-KEM.
    Security.addProvider(new BouncyCastleProvider());
    Gson gson = new Gson();
    Request request = gson.fromJson(new InputStreamReader(System.in, StandardCharsets.UTF_8), Request.class);
    try (Library library = open(arguments[0], request)) {
      System.out.println(gson.toJson(act(library, request.action(), request.arguments())));
    }
    // Threads of a library's pools must not keep the program alive.
    System.exit(0);
  }

  /** As the file is called that the library came in: none of them tells it in the same way. */
  private static String version(String name) {
    Class<?> part =
        switch (name) {
          case "jsch" -> com.jcraft.jsch.JSch.class;
          case "sshj" -> net.schmizz.sshj.SSHClient.class;
          case "mina" -> org.apache.sshd.client.SshClient.class;
          default -> throw new IllegalArgumentException("there is no library " + name);
        };
    String file = Path.of(part.getProtectionDomain().getCodeSource().getLocation().getPath()).getFileName().toString();
    return file.replaceFirst("^.*-", "").replaceFirst("\\.jar$", "");
  }

  private static Library open(String name, Request request) throws Exception {
    return switch (name) {
      case "jsch" -> JschLibrary.open(request);
      case "sshj" -> SshjLibrary.open(request);
      case "mina" -> MinaLibrary.open(request);
      default -> throw new IllegalArgumentException("there is no library " + name);
    };
  }

  private static Object act(Library library, String action, List<String> with) throws Exception {
    switch (action) {
      case "list" -> {
        return library.list(with.get(0)).stream().map(Library.Entry::name).toList();
      }
      case "put" -> library.put(Path.of(with.get(0)), with.get(1));
      case "get" -> library.get(with.get(0), Path.of(with.get(1)));
      case "resume_put" -> library.resumePut(Path.of(with.get(0)), with.get(1));
      case "resume_get" -> library.resumeGet(with.get(0), Path.of(with.get(1)));
      case "rename" -> library.rename(with.get(0), with.get(1));
      case "make_directories" -> makeDirectories(library, with.get(0));
      case "put_tree" -> putTree(library, Path.of(with.get(0)), with.get(1));
      case "get_tree" -> getTree(library, with.get(0), Path.of(with.get(1)));
      case "remove" -> library.remove(with.get(0));
      case "remove_directory" -> library.removeDirectory(with.get(0));
      default -> throw new IllegalArgumentException("there is no action " + action);
    }
    return null;
  }

  private static void makeDirectories(Library library, String directory) throws Exception {
    StringBuilder made = new StringBuilder();
    for (String name : directory.split("/")) {
      if (name.isEmpty()) continue;
      String parent = made.append('/').append(name).toString();
      if (!library.exists(parent)) library.makeDirectory(parent);
    }
  }

  private static void putTree(Library library, Path local, String remote) throws Exception {
    library.makeDirectory(remote);
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(local)) {
      for (Path entry : entries) {
        String target = remote + '/' + entry.getFileName();
        if (Files.isDirectory(entry)) putTree(library, entry, target);
        else library.put(entry, target);
      }
    }
  }

  private static void getTree(Library library, String remote, Path local) throws Exception {
    Files.createDirectory(local);
    for (Library.Entry entry : library.list(remote)) {
      if (entry.name().equals(".") || entry.name().equals("..")) continue;
      String source = remote + '/' + entry.name();
      Path target = local.resolve(entry.name());
      if (entry.isDirectory()) getTree(library, source, target);
      else library.get(source, target);
    }
  }
}
