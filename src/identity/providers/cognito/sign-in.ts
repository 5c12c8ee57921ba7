/** The calls of a sign-in, public or signed: each is made once, because each counts as an attempt. */

import {
  AdminInitiateAuthCommand,
  AdminRespondToAuthChallengeCommand,
  type ChallengeNameType,
  type CognitoIdentityProviderClient,
  InitiateAuthCommand,
  RespondToAuthChallengeCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import type { Secret } from '../../secret.ts';
import type { AwsService } from '../../upstream/aws-service.ts';
import type { Login } from '../provider.ts';
import { type CognitoAnswer, readAnswer } from './answer.ts';
import { cognitoVerdict, type Phase } from './errors.ts';
import type { CognitoOptions } from './options.ts';
import { secretHashOf } from './secret-hash.ts';

/** Our response to a challenge. */
export interface Response {
  readonly challengeName: ChallengeNameType;
  readonly session: string;
  /** As the challenge named the user: it may be another one than was typed, where that was an alias. */
  readonly userName: string;
  readonly members: Readonly<Record<string, string>>;
  readonly phase: Phase;
}

export class SignIn {
  readonly #options: CognitoOptions;
  /** Makes one attempt of each call. */
  readonly #client: CognitoIdentityProviderClient;
  readonly #service: AwsService;

  constructor(options: CognitoOptions, client: CognitoIdentityProviderClient, service: AwsService) {
    this.#options = options;
    this.#client = client;
    this.#service = service;
  }

  /** @throws Denied, IdentityFault */
  async begin(login: Login, userName: string, password: Secret): Promise<CognitoAnswer> {
    const parameters = {
      USERNAME: userName,
      PASSWORD: password.reveal(),
      ...secretHashOf(this.#options, userName),
    };
    const sendOptions = { abortSignal: login.signal };
    const { clientId: ClientId, userPoolId: UserPoolId, flow } = this.#options;
    const common = { ClientId, AuthParameters: parameters, ClientMetadata: metadataOf(login) };
    const send = () =>
      flow === 'admin-user-password'
        ? this.#client.send(
            new AdminInitiateAuthCommand({
              ...common,
              UserPoolId,
              AuthFlow: 'ADMIN_USER_PASSWORD_AUTH',
              ...adminContextOf(login),
            }),
            sendOptions,
          )
        : this.#client.send(
            new InitiateAuthCommand({
              ...common,
              AuthFlow: 'USER_PASSWORD_AUTH',
              ...publicContextOf(login),
            }),
            sendOptions,
          );
    return readAnswer(await this.#service.call<unknown>(send, login.signal, cognitoVerdict('password')));
  }

  /** @throws Denied, IdentityFault */
  async respond(login: Login, response: Response): Promise<CognitoAnswer> {
    const { clientId: ClientId, userPoolId: UserPoolId, flow } = this.#options;
    const { challengeName: ChallengeName, session: Session, userName: USERNAME, members, phase } = response;
    const ChallengeResponses = { ...members, USERNAME, ...secretHashOf(this.#options, USERNAME) };
    const ClientMetadata = metadataOf(login);
    const common = { ClientId, ChallengeName, Session, ChallengeResponses, ClientMetadata };
    const sendOptions = { abortSignal: login.signal };
    const send = () =>
      flow === 'admin-user-password'
        ? this.#client.send(
            new AdminRespondToAuthChallengeCommand({ ...common, UserPoolId, ...adminContextOf(login) }),
            sendOptions,
          )
        : this.#client.send(
            new RespondToAuthChallengeCommand({ ...common, ...publicContextOf(login) }),
            sendOptions,
          );
    return readAnswer(await this.#service.call<unknown>(send, login.signal, cognitoVerdict(phase)));
  }
}

/** For the pool's threat protection, which believes it because the call is signed; nothing where the address is not known. */
function adminContextOf({ sourceIp: IpAddress, serverId: ServerName, protocol }: Login) {
  if (IpAddress === '') return {};
  return { ContextData: { IpAddress, ServerName, ServerPath: `/${protocol}`, HttpHeaders: [] } };
}

function publicContextOf({ sourceIp: IpAddress }: Login) {
  return IpAddress === '' ? {} : { UserContextData: { IpAddress } };
}

/** For the pool's Lambda triggers. */
function metadataOf({ serverId, protocol }: Login) {
  return { serverId, protocol };
}
