"""What mail servers and mailing lists write when they give a mail back, by language.

How they are written down: see `ways_to_say`. Whoever adds one: whole phrases that a server writes,
and nothing that a customer may say of a parcel.
"""

from typing import Final

from services.ingest.read.mail.ways_to_say import pattern

SUBJECTS: Final = pattern(
    r"""
    # English
    undeliver(?:ed|able)\b(?! parcel)
    delivery (?:status|failure|has failed|problem|incomplete|delayed|error|unsuccessful)
    returned mail
    failure notice
    (?:e-?mail|message) (?:delivery )?(?:could not be|not|was not|wasn't|cannot be) delivered
    mail delivery (?:failed|failure|system|subsystem|error|problem|report|status)
    could not be delivered
    non[- ]?deliver(?:y|able)
    delivery notification
    message you sent (?:was )?(?:not delivered|blocked|rejected)
    message status\s*[-:]
    (?:mail|message) (?:was )?(?:rejected|refused|bounced|returned) ?(?:by|to sender|:|$)
    bounced? (?:mail|message)
    ^bounce\b
    mailbox (?:is )?full
    (?:over|exceeded) quota
    quota exceeded
    user unknown
    host unknown
    mail system error
    # German
    unzustellbar
    nicht zustellbar
    nicht zugestellt
    zustellung fehlgeschlagen
    unzustellbarkeit
    zustellungs?(?:fehler|problem)
    nachricht(?:en)? zurue?ckgewiesen
    # French
    non remis
    non distribu
    non delivr
    echec de (?:la )?(?:remise|distribution|livraison)
    retour (?:de|à|a) l'?(?:expediteur|envoyeur)
    notification d'echec
    # Italian
    mancat[ao] (?:recapito|consegna)
    non recapitabile
    impossibile recapitare
    non consegnato
    avviso di mancata consegna
    notifica di (?:mancato|errore)
    recapito non riuscito
    # Spanish
    no se (?:ha )?(?:podido|pudo) entregar
    no entregado
    correo devuelto
    devolucion de correo
    error (?:de|en la) entrega
    fallo (?:de|en la) entrega
    mensaje no entregado
    # Portuguese
    nao (?:foi possivel )?entreg
    mensagem devolvida
    falha na entrega
    e-?mail devolvido
    # Dutch, Scandinavian, Finnish
    onbestelbaar
    niet (?:worden )?(?:bezorgd|afgeleverd)
    bezorging (?:is )?mislukt
    olevererbar
    kunde inte levereras
    ikke leveret
    kunne ikke leveres
    uleverbar
    kan ikke leveres
    toimitus epaonnistui
    ei voitu toimittaa
    # Polish, Czech, Slovak, Hungarian, Romanian
    niedostarczon
    nie dostarczon
    nie mozna dostarczy
    nie zostala do
    zwrot (?:wiadomo|poczty)
    nedoruciteln
    nedorucen
    nelze dorucit
    kezbesithetetlen
    nem kezbesithet
    nelivrat
    nu a putut fi livrat
    # Greek, Turkish
    αδύνατη η παράδοση
    δεν παραδόθηκε
    αποτυχία παράδοσης
    iletilemedi
    teslim edilemedi
    # Russian, Ukrainian
    недоставл
    не доставлен
    не может быть доставлен
    недоставка
    возврат (?:почты|письма)
    не вдалося доставити
    не доставлено
    # Chinese, Japanese, Korean
    退信
    投递失败
    投遞失敗
    无法(?:投递|送达)
    無法(?:投遞|傳遞|送達)
    系统退信
    配信(?:不能|エラー|失敗|できません)
    送信(?:エラー|できません|失敗)
    宛先不明
    不達
    エラーメール
    メール(?:が|を)?(?:届|配信|送信).{0,10}(?:ません|失敗|エラー)
    반송
    (?:전송|전달|배달|발송) ?(?:실패|불가|오류|되지)
    # Arabic, Hebrew
    تعذر (?:تسليم|توصيل)
    لم يتم (?:تسليم|توصيل)
    לא ניתן למסור
    לא נמסר
    לא ניתן למסירה
    כשל במסירה
    אי[- ]?מסירה
    """
)
"""A mail was given back. Somewhere in the subject: a weak sign, for people say such things too."""

DELAYS: Final = pattern(
    r"""
    warning: (?:message .{0,80}(?:delayed|not delivered)|could not send message)
    delayed (?:mail|delivery)
    (?:mail|message|delivery) (?:is |has been |was )?delayed
    delivery (?:incomplete|status notification \(delay\))
    still (?:being retried|trying)
    zustellung (?:verzogert|verzoe?gert)
    verzoe?gerte zustellung
    remise (?:differee|retardee)
    consegna (?:ritardata|in ritardo)
    entrega (?:retrasada|demorada|atrasada)
    задержка доставки
    доставка (?:отложена|задержана)
    配信遅延
    遅延
    投递延迟
    투고 지연
    """
)
"""A server goes on trying: no failure."""

DELAYED: Final = pattern(
    r"""
    will (?:keep|continue) (?:on )?trying
    will (?:be )?retr(?:y|ied)
    keep trying
    (?:is|was|has been) delayed
    delivery (?:is|was|has been) delayed
    not yet (?:been )?delivered
    you do(?: not|n't) need to (?:resend|do anything)
    you need not send it again
    this is a warning message only
    the message is still in the queue
    wird weiter(?:hin)? versuch
    weitere (?:zustell)?versuche
    nouvelle tentative
    sera reessay
    continuera a provare
    altri tentativi
    seguira intent
    se volvera a intentar
    awaits? moderator approval
    is being held
    waiting for (?:the )?moderator
    """
)

SUCCESSES: Final = pattern(
    r"""
    successful(?:ly)? (?:mail delivery|delivered)
    delivery (?:report|receipt) \(success\)
    ^delivered\s?:
    ^relayed\s?:
    delivery status notification \(success\)
    ^(?:remis|distribue)\s?:
    ^zugestellt\s?:
    ^consegnato\s?:
    ^entregad?o\s?:
    ^bezorgd\s?:
    avvenuta consegna
    ^(?:posta certificata: )?consegna\s?:
    доставлено\s?:
    ^doručeno\s?:
    ^levererat\s?:
    ^leveret\s?:
    ^levert\s?:
    ^toimitettu\s?:
    ^dostarczono\s?:
    """
)
"""It arrived. At the start of the subject."""

DELIVERED: Final = pattern(
    r"""
    (?:was|has been|have been) (?:successfully )?(?:delivered|relayed) (?:to|at)
    a ete (?:remis|distribue|transmis) aux? destinataires?
    wurde (?:den folgenden empfangern )?(?:erfolgreich )?zugestellt
    (?:è|e') stat[oa] (?:consegnat|recapitat|accettat)[oa]
    ricevuta di avvenuta consegna
    se (?:ha entregado|entrego)
    foi entregue
    is bezorgd
    har levererats
    er leveret
    """
)

OPENINGS: Final = pattern(
    r"""
    # Servers that say who they are
    this is the (?:mail system at|qmail-send program|postfix program|mail delivery (?:system|\
    agent))
    this is the [^.]{0,60}(?:program|mailer|mail server) at
    this message was created automatically by (?:the )?mail (?:delivery )?(?:software|system|\
    server)
    this is an automatically(?:-| )generated delivery status notification
    this is a delivery (?:status notification|failure report)
    this is a (?:permanent|non-?delivery) (?:error|report)
    this report relates to a message you sent
    the original message was received (?:at|on)
    delivery to the following recipients? failed
    -{3,} ?(?:the following addresses had|transcript of session follows)
    delivery has failed to these recipients
    did not reach (?:some|the|one|its|any)
    (?:i'm|i am|we are|we're) (?:afraid|sorry to have to inform|sorry,? (?:but )?(?:i|\
    we))[^.]{0,60}(?:message|mail)[^.]{0,60}(?:not be delivered|not deliver|undeliver|\
    wasn'?t able)
    each of the following recipients
    rejected by (?:a|the) remote
    by the (?:remote|receiving) (?:mail )?server
    (?:wasn't|was not|were unable to|was unable to|unable to|could not|couldn't|cannot)\
     deliver (?:your|the|this|it|to)
    (?:your|the|an|this) (?:following |original |above )?(?:e-?mail|message|\
    mail)(?: [^.?!]{0,80})? (?:could not be|cannot be|was not|wasn't|has not been|can't be)\
     (?:successfully )?(?:delivered|sent|transferred)
    (?:your|the|this) (?:e-?mail|message|mail)(?: [^.?!]{0,80})? (?:was|has been|is)\
     (?:automatically )?(?:rejected|refused|returned|blocked|undeliverable|bounced|dropped)
    message (?:was not|wasn't|not) (?:delivered|sent)
    (?:it|message) was dropped
    a(?:n (?:e-?mail|error)| message)[^.?!]{0,80}(?:undeliverable|permanent (?:fatal )?error)
    (?:the )?following (?:recipients?|address(?:es)?|messages?)[^.?!]{0,60}(?:could not be|\
    cannot be|undeliverable|failed|not delivered|had (?:permanent|delivery))
    address not found
    recipient address rejected
    no such (?:user|mailbox|recipient)
    mailbox (?:is )?(?:full|unavailable|disabled|not found|does not exist|has exceeded)
    (?:user|host|recipient) (?:is )?unknown
    unknown (?:user|recipient|local part)
    retry timeout exceeded
    giving up
    hop count exceeded
    over quota
    quota exceeded
    exceeded (?:its|the|his|her) (?:storage|quota|mailbox)
    mailer-daemon@\S{1,100} (?:wrote|schrieb|a ecrit|ha scritto|escribio):
    # German
    (?:ihre|die|diese|eine?) (?:e-?mail|nachricht|mail)[^.?!]{0,90}(?:nicht|konnte nicht|\
    kann nicht)[^.?!]{0,50}(?:zugestellt|zustell|ue?bermittelt|ausgeliefert)
    folgende[nr]? (?:empfae?nger|adressen?)[^.?!]{0,60}(?:nicht|fehlgeschlagen)
    (?:ihre|die) (?:e-?mail|nachricht|mail)[^.?!]{0,60}(?:zurue?ckgewiesen|abgelehnt|abgewiesen)
    fehler bei der zustellung
    zustellung (?:ist )?(?:fehlgeschlagen|nicht moe?glich)
    # French
    (?:votre|le|ce) (?:message|courriel|e-?mail|mail)[^.?!]{0,90}n'a (?:pas|\
    pu)[^.?!]{0,30}(?:remis|distribu|livr|delivr|achemin|etre)
    echec de la (?:remise|distribution)
    (?:adresse|destinataire)s? (?:inconnue?|introuvable)
    # Italian
    (?:il|un|questo|suo|tuo) (?:messaggio|e-?mail)[^.?!]{0,90}non (?:è|e'|e|\
    ha)[^.?!]{0,40}(?:recapitat|consegnat|possibile)
    (?:impossibile|non (?:è|e') (?:stato )?possibile) (?:recapitare|consegnare)
    si (?:è|e') verificato un errore (?:durante|nella)
    casella (?:di posta )?piena
    (?:utente|indirizzo|destinatario) (?:sconosciuto|inesistente|non valido)
    # Spanish and Portuguese
    (?:su|el|este|tu) (?:mensaje|correo)[^.?!]{0,90}no (?:se )?(?:ha|pudo|puede|fue|\
    ha sido)[^.?!]{0,30}(?:entregad|entregar|enviad)
    (?:sua|a|esta) mensagem[^.?!]{0,90}nao (?:pode|foi|pode)[^.?!]{0,30}entreg
    nao foi possivel entregar
    no (?:se pudo|fue posible) entregar
    (?:mensaje|correo|mensagem)[^.?!]{0,90} (?:ha sido|foi|fue) (?:devuelt|devolvid|rechazad|\
    rejeitad)
    no (?:se )?ha(?:n)? (?:podido|sido posible) (?:ser )?entrega
    buzon (?:de correo )?(?:esta )?(?:lleno|sin espacio)
    (?:usuario|usuario|destinatario|buzon|endereco) (?:desconocido|desconhecido|no existe|\
    nao existe|lleno|inexistente)
    # Dutch, Scandinavian, Finnish
    (?:bericht|e-?mail)[^.?!]{0,90}(?:niet|kon niet)[^.?!]{0,30}(?:bezorgd|afgeleverd|worden)
    bezorging is mislukt
    (?:meddelandet|meddelelsen|meldingen)[^.?!]{0,80}(?:inte|ikke)[^.?!]{0,20}(?:leverer|lever)
    viestia[^.?!]{0,60}ei voitu toimittaa
    # Polish, Czech, Hungarian, Turkish, Greek, Romanian
    (?:wiadomo(?:ść|sc|ści)|poczta)[^.?!]{0,80}nie (?:mogla|mozna|zostala)[^.?!]{0,20}dorecz
    nie (?:udalo sie|mozna|mogla|zostala)[^.?!]{0,30}do(?:starcz|recz)
    zprav[^.?!]{0,80}(?:nelze|nebylo mozne) dorucit
    nem (?:sikerült|lehetett)[^.?!]{0,40}kezbesit
    iletiniz[^.?!]{0,60}(?:iletilemedi|teslim)
    το μήνυμ(?:ά|α)[^.?!]{0,80}δεν (?:παραδόθηκε|ήταν δυνατή)
    mesajul[^.?!]{0,80}nu a putut fi livrat
    # Russian, Ukrainian
    (?:ваше|это|данное) (?:сообщение|письмо)[^.?!]{0,90}(?:не (?:было |может быть |\
    удалось )?доставл|не удалось доставить|отклонено|недоставлено)
    не удалось доставить
    пользовател[ья] не (?:найден|существует)
    почтовый ящик (?:переполнен|не)
    # Chinese, Japanese, Korean
    (?:您|你)(?:的|发送的|發送的|寄出的)?[^。]{0,40}(?:邮件|郵件|信件|\
    电子邮件)[^。]{0,40}(?:未能|无法|無法|没有|被退回|退回|不能|失败|失敗)
    (?:邮件|郵件)(?:被)?(?:退回|投递失败|投遞失敗)
    收件人(?:地址)?(?:不存在|错误|錯誤)
    用户不存在
    (?:メール|メッセージ)[^。]{0,40}(?:送信|配信|配送|お届け|届け)[^。]{0,20}(?:できません|\
    出来ません|失敗|されません|エラー)
    エラーのため送信できません
    宛先(?:の)?(?:メール)?(?:アドレス)?(?:が)?(?:見つかりません|不明|存在しません)
    あて先
    メールアドレスは存在しません
    受信(?:を)?拒否
    配信できませんでした
    (?:메일|메시지)[^.]{0,60}(?:전송|전달|배달|발송)[^.]{0,20}(?:못|실패|수 없|되지)
    수신자[^.]{0,30}(?:없|존재하지)
    # Arabic, Hebrew
    تعذر (?:تسليم|توصيل|إرسال)
    لم (?:يتم|نتمكن من) (?:تسليم|توصيل)
    לא ניתן היה למסור
    ה?הודעה[^.?!]{0,60}(?:לא נמסרה|לא ניתן)
    לא (?:ניתן|הצלחנו) (?:היה )?(?:ל)?(?:מסור|מסירה)
    המסירה[^.]{0,80}נכשלה
    """
)
"""What a server writes at the start of a mail that it gives back."""

CODES: Final = pattern(
    r"""
    \b[45]\d\d[- #]{1,2}[45]\.\d{1,3}\.\d{1,3}\b
    (?:#|status: ?)5\.\d{1,3}\.\d{1,3}
    (?:said:|returned|responded[^.]{0,20}|error[^.]{0,20}|answered|with:?|<<<) ['\"]?[45]\d\d[ -]
    >>> ?(?:rcpt to|mail from|data)
    diagnostic-code:
    remote-mta:
    smtp error from remote
    in reply to (?:rcpt to|end of data)
    """
)
"""What servers say to one another."""

LISTS: Final = pattern(
    r"""
    not (?:a )?(?:member|subscribed|subscriber)[^.?!]{0,60}(?:list|group|address|post)?
    not (?:allowed|authori[sz]ed|permitted) to (?:post|send|write)
    (?:post|posting|message|submission)s? (?:by|from) (?:a )?non-?(?:members?|subscribers?)
    non-?member submission
    closed (?:mailing )?list
    members[- ]only
    subscribers[- ]only
    awaits? moderator approval
    is being held until
    held for moderation
    (?:your )?(?:message|posting|mail|request)[^.?!]{0,80}(?:automatically )?(?:rejected|\
    refused|denied|not distributed|not (?:been )?posted)
    duplicated? message-?id
    loop alert
    mail loop
    same message-id
    nicht (?:berechtigt|befugt)[^.?!]{0,60}(?:liste|verteiler)
    mailinglisten?[^.?!]{0,40}nicht (?:schreiben|senden)
    (?:liste|lista|verteiler|mailinglist)[^.?!]{0,90}(?:abgelehnt|abgewiesen|rejete|refuse|\
    rifiutat|rechazad|rejeitad|nicht berechtigt|nur fur mitglieder)
    (?:メーリングリスト|\bML\b)[^。]{0,60}(?:会員|メンバー|登録|投稿)[^。]{0,30}(?:ません|限)
    """
)
"""What a mailing list's program writes to whoever may not write to it."""

SERVERS: Final = pattern(
    r"""
    reporting-mta|final-recipient|delivery (?:status|report|has failed)|mailer-daemon|undeliver|\
    returned
    feedback loop|abuse report|spam report|this is (?:the|an?|a)\x20
    """
)
"""What may stand above a report's fields in a text."""
