package drawbridge.interop;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import net.schmizz.sshj.DefaultConfig;
import net.schmizz.sshj.SSHClient;
import net.schmizz.sshj.sftp.SFTPClient;
import net.schmizz.sshj.userauth.method.AuthKeyboardInteractive;
import net.schmizz.sshj.userauth.method.AuthMethod;
import net.schmizz.sshj.userauth.method.AuthPassword;
import net.schmizz.sshj.userauth.method.AuthPublickey;
import net.schmizz.sshj.userauth.method.ChallengeResponseProvider;
import net.schmizz.sshj.userauth.password.PasswordUtils;
import net.schmizz.sshj.userauth.password.Resource;

/** sshj, which Cyberduck is built on. */
final class SshjLibrary implements Library {
  private static final int TIMEOUT_MS = 20_000;

  private final SSHClient client;
  private final SFTPClient sftp;

  private SshjLibrary(SSHClient client, SFTPClient sftp) {
    this.client = client;
    this.sftp = sftp;
  }

  static Library open(Request request) throws IOException {
    DefaultConfig config = new DefaultConfig();
    if (request.kex() != null) {
      config.setKeyExchangeFactories(
          config.getKeyExchangeFactories().stream()
              .filter(factory -> factory.getName().equals(request.kex()))
              .toList());
    }
    SSHClient client = new SSHClient(config);
    client.setConnectTimeout(TIMEOUT_MS);
    client.setTimeout(TIMEOUT_MS);
    client.loadKnownHosts(new File(request.knownHostsFile()));
    client.connect(request.host(), request.port());
    client.auth(request.userName(), methods(client, request));
    SFTPClient sftp = client.newSFTPClient();
    // An upload otherwise ends with the local file's times and mode, which is a choice of the caller.
    sftp.getFileTransfer().setPreserveAttributes(false);
    return new SshjLibrary(client, sftp);
  }

  private static List<AuthMethod> methods(SSHClient client, Request request) throws IOException {
    List<AuthMethod> methods = new ArrayList<>();
    // sshj finds a certificate beside the key by its name.
    if (request.keyFile() != null) methods.add(new AuthPublickey(client.loadKeys(request.keyFile())));
    if (request.answers() != null) methods.add(new AuthKeyboardInteractive(new Answers(request.answers())));
    if (request.password() != null) {
      methods.add(new AuthPassword(PasswordUtils.createOneOff(request.password().toCharArray())));
    }
    return methods;
  }

  @Override
  public List<Entry> list(String directory) throws IOException {
    return sftp.ls(directory).stream().map(entry -> new Entry(entry.getName(), entry.isDirectory())).toList();
  }

  @Override
  public void put(Path local, String remote) throws IOException {
    sftp.put(local.toString(), remote);
  }

  @Override
  public void get(String remote, Path local) throws IOException {
    sftp.get(remote, local.toString());
  }

  @Override
  public void resumePut(Path local, String remote) throws IOException {
    sftp.put(local.toString(), remote, sftp.size(remote));
  }

  @Override
  public void resumeGet(String remote, Path local) throws IOException {
    sftp.get(remote, local.toString(), Files.size(local));
  }

  @Override
  public void rename(String from, String to) throws IOException {
    sftp.rename(from, to);
  }

  @Override
  public boolean exists(String path) throws IOException {
    return sftp.statExistence(path) != null;
  }

  @Override
  public void makeDirectory(String directory) throws IOException {
    sftp.mkdir(directory);
  }

  @Override
  public void remove(String file) throws IOException {
    sftp.rm(file);
  }

  @Override
  public void removeDirectory(String directory) throws IOException {
    sftp.rmdir(directory);
  }

  @Override
  public void close() throws IOException {
    sftp.close();
    client.disconnect();
  }

  private static final class Answers implements ChallengeResponseProvider {
    private final Deque<String> answers;

    Answers(List<String> answers) {
      this.answers = new ArrayDeque<>(answers);
    }

    @Override
    public List<String> getSubmethods() {
      return List.of();
    }

    @Override
    public void init(Resource resource, String name, String instruction) {}

    @Override
    public char[] getResponse(String prompt, boolean echo) {
      return answers.remove().toCharArray();
    }

    @Override
    public boolean shouldRetry() {
      return false;
    }
  }
}
