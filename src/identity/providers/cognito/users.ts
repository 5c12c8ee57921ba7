/** Looks users up as an administrator of the pool does, without anything that judges a password. */

import {
  AdminGetUserCommand,
  AdminListGroupsForUserCommand,
  type CognitoIdentityProviderClient,
} from '@aws-sdk/client-cognito-identity-provider';
import { z } from 'zod';
import { Denied, IdentityFault } from '../../decision.ts';
import type { AwsService } from '../../upstream/aws-service.ts';
import type { Group, Person } from '../provider.ts';
import { cognitoVerdict } from './errors.ts';
import { groupOf } from './person.ts';

/** The API's `QueryLimitType`. */
const GROUPS_PER_PAGE = 60;
/** AWS allows a user 100 groups. */
const MAX_PAGES = 5;

const userShape = z.looseObject({
  Username: z.string().min(1),
  Enabled: z.boolean(),
  UserStatus: z.string(),
  UserAttributes: z.array(z.looseObject({ Name: z.string(), Value: z.string().optional() })).default([]),
});

const groupPageShape = z.looseObject({
  Groups: z.array(z.looseObject({ GroupName: z.string().min(1) })).default([]),
  NextToken: z.string().nullish(),
});

export interface UsersSettings {
  readonly userPoolId: string;
  /** Whether groups are looked up. */
  readonly hasGroups: boolean;
}

export class Users {
  readonly #settings: UsersSettings;
  readonly #client: CognitoIdentityProviderClient;
  readonly #service: AwsService;

  constructor(settings: UsersSettings, client: CognitoIdentityProviderClient, service: AwsService) {
    this.#settings = settings;
    this.#client = client;
    this.#service = service;
  }

  /** A user who may log in today. @throws Denied, IdentityFault */
  async find(userName: string, signal: AbortSignal): Promise<Person> {
    const user = parsed(userShape, await this.#read(new AdminGetUserCommand(this.#key(userName)), signal));
    checkState(user);
    const attributes = new Map(user.UserAttributes.map(({ Name, Value = '' }) => [Name, [Value]] as const));
    const groups = this.#settings.hasGroups ? await this.#groupsOf(user.Username, signal) : [];
    const subject = attributes.get('sub')?.[0] ?? user.Username;
    return { subject, userName: user.Username, attributes, groups, proofs: [] };
  }

  async #groupsOf(userName: string, signal: AbortSignal): Promise<readonly Group[]> {
    const groups: Group[] = [];
    let NextToken: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const command = new AdminListGroupsForUserCommand({
        ...this.#key(userName),
        Limit: GROUPS_PER_PAGE,
        ...(NextToken === undefined ? {} : { NextToken }),
      });
      const answer = parsed(groupPageShape, await this.#read(command, signal));
      groups.push(...answer.Groups.map(({ GroupName }) => groupOf(GroupName)));
      if (!answer.NextToken) return groups;
      NextToken = answer.NextToken;
    }
    throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'Cognito lists groups without end.');
  }

  #read(command: AdminGetUserCommand | AdminListGroupsForUserCommand, signal: AbortSignal): Promise<unknown> {
    const options = { abortSignal: signal };
    const send = (): Promise<unknown> =>
      command instanceof AdminGetUserCommand
        ? this.#client.send(command, options)
        : this.#client.send(command, options);
    return this.#service.call(send, signal, cognitoVerdict('look-up'));
  }

  #key(userName: string) {
    return { UserPoolId: this.#settings.userPoolId, Username: userName };
  }
}

/** A key proves no password, so the state of the account is all that can still say no. */
function checkState({ Enabled, UserStatus }: z.output<typeof userShape>): void {
  if (!Enabled) throw new Denied('ACCOUNT_DISABLED');
  if (UserStatus === 'CONFIRMED') return;
  if (UserStatus === 'RESET_REQUIRED' || UserStatus === 'FORCE_CHANGE_PASSWORD')
    throw new Denied('PASSWORD_EXPIRED', `The status of the user is ${UserStatus}.`);
  throw new Denied('ACCOUNT_DISABLED', 'The user is not confirmed, or not one of the pool itself.');
}

function parsed<Shape extends z.ZodType>(shape: Shape, output: unknown): z.output<Shape> {
  const { success, data } = shape.safeParse(output);
  if (!success)
    throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'Cognito: the answer has not the form of the API.');
  return data;
}
