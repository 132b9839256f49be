"""What programs answer in a person's or a company's place, by language.

How they are written down: see `ways_to_say`. Whoever adds one: what is said to whoever wrote, and
nothing that a customer may say of their own holidays to a shop.
"""

from typing import Final

from services.ingest.read.mail.ways_to_say import pattern

AUTOMATIC: Final = pattern(
    r"""
    (?:is|was|this) an? (?:auto(?:mated|matic|-?generated|matically generated)|\
    auto-?reply)[ -]?(?:e-?mail|reply|response|message|answer|notification|acknowledg)?
    (?:this|\() ?auto(?:mated|matic) (?:e-?mail|reply|response|message|answer|confirmation)
    automatically generated (?:e-?mail|reply|response|message|answer)
    (?:sent|answered|replied) automatically
    (?:reply|mail|message) (?:was|has been) (?:produced|generated|sent) (?:automatically|by an? )
    automatisch (?:generierte|erstellte|versandt|erzeugt)
    automatische (?:antwort|nachricht)
    (?:reponse|message|courriel) (?:automatique|(?:envoy|gener)e automatiquement)
    (?:risposta|messaggio|e-?mail|mail) (?:automatic[oa]|generat[oa] automaticamente)
    (?:respuesta|mensaje|correo) (?:automatic[oa]|generado automaticamente)
    (?:resposta|mensagem|e-?mail) (?:automatic[oa]|gerad[oa] automaticamente)
    automatisch (?:bericht|antwoord|gegenereerd)
    automatisk(?:t)? (?:svar|besked|meddelande|melding)
    automaattinen (?:vastaus|viesti)
    wiadomosc (?:wygenerowana )?automatyczn
    automatyczna (?:odpowied|wiadomo)
    automatick(?:á|a|ý|y) (?:odpov|zpr|e-?mail)
    automatikus (?:valasz|uzenet)
    mesaj automat
    αυτόματο μήνυμα
    αυτοματοποιημένη
    otomatik (?:yan|mesaj|olarak)
    автоматическ(?:ое|ий) (?:сообщение|ответ)
    автоматичн[еа] (?:повідомлення|відповідь)
    自動(?:返信|送信|応答|配信)
    自动(?:回复|发送|答复)
    自動(?:回覆|發送)
    자동 ?(?:회신|응답|발송|으로 발송)
    הודעה אוטומטית
    תשובה אוטומטית
    رسالة (?:آلية|تلقائية)
    رد (?:آلي|تلقائي)
    (?:mailbox|inbox|address) is (?:not|no longer) (?:being )?(?:monitored|in use|read)
    """
)
"""The text says that a program wrote it."""

AWAY: Final = pattern(
    r"""
    \b(?:i|we)(?:'m| am| are|'re| will be|'ll be)[^.?!]{0,60}(?:out of (?:the |my )?office|away|\
    on (?:vacation|holidays?|(?:annual |maternity |paternity |parental |sick )?leave)|traveling|\
    travelling|at a (?:trade fair|conference|fair))
    \bout of (?:the |my )?office\b
    (?:is|currently) on (?:vacation|holiday|leave)
    no longer (?:works?|employed|working|with (?:us|the)|part of)
    (?:he|she) left (?:us|the)
    has left the (?:company|organi[sz]ation)
    (?:be |am |i'm )?back (?:in (?:the )?office )?(?:on|in|from) (?:the |monday|tuesday|\
    wednesday|thursday|friday|\d|june|july|august|september|january)
    nicht (?:im (?:bue?ro|haus)|erreichbar|im dienst)
    im urlaub
    ausser haus
    abwesend
    in elternzeit
    nicht mehr (?:fue?r|bei|im unternehmen)[^.?!]{0,40}(?:tae?tig|beschae?ftigt)?
    wird nicht weitergeleitet
    wieder (?:fue?r sie da|erreichbar|im bue?ro)
    (?:suis|serai|sera|est) (?:actuellement )?(?:absente?|en conge|en vacances)
    a mon retour
    ne (?:travaille|fait) plus (?:partie|chez)
    etabli(?:e)? ferm
    (?:sono|sar(?:ò|o')|siamo)[^.?!]{0,40}(?:assent[ei]|in ferie|fuori (?:sede|ufficio))
    al mio (?:rientro|ritorno)
    fuori (?:sede|ufficio)
    non lavora piu
    (?:estoy|estare|estamos|me encuentro)[^.?!]{0,40}(?:fuera|ausente|de vacaciones)
    a mi (?:regreso|vuelta)
    fuera de la oficina
    ya no trabaja
    (?:estou|estarei|encontro-me)[^.?!]{0,40}(?:ausente|de ferias|fora)
    meu (?:regresso|retorno)
    fora do escritorio
    (?:ben|zijn)[^.?!]{0,40}(?:afwezig|niet aanwezig|met vakantie|op vakantie)
    niet op kantoor
    bij mijn terugkomst
    (?:ar|er)[^.?!]{0,40}(?:pa semester|bortrest|ute av kontoret|pa ferie|ikke pa kontoret|\
    fraværende|pa kursus|inte pa kontoret|traeffes igen)
    foraldraledig
    pa ferie
    olen (?:lomalla|poissa|vapaalla)
    en ole paikalla
    lomalla
    palaan (?:toihin|toimistolle)
    (?:jestem|bede|przebywam|biuro)[^.?!]{0,40}(?:na urlopie|nieobecn|poza biurem|nieczynne)
    po powrocie
    (?:jsem|budu)[^.?!]{0,40}(?:na dovolene|mimo kancel|nepritom)
    po (?:mem )?navratu
    szabadsagon
    hazon kivul
    nem vagyok (?:az )?irodaban
    visszateres
    (?:sunt|voi fi)[^.?!]{0,40}(?:in concediu|plecat|absent)
    la intoarcere
    (?:απουσιάζω|λείπω|εκτός γραφείου|σε άδεια)
    μόλις επιστρέψω
    (?:izinde|tatilde|ofis disinda|ofiste degil)
    dondugum
    (?:в отпуске|отсутств|вне офиса|в командировке)
    (?:немає в офісі|у відпустці|поза офісом)
    после возвращения
    不在(?:に|と|です|で|の|にし)
    休暇
    休業
    夏季休
    出張(?:中|で)
    席を外し
    (?:正在|在|我在)?(?:休假|度假|出差|外出)
    不在(?:办公室|辦公室)
    (?:回来|回來|返回)后
    (?:휴가|출장|부재|자리를 비)
    (?:בחופשה|מחוץ למשרד|איני במשרד|לא נמצא)
    כשאחזור
    (?:خارج المكتب|في إجازة)
    عند عودتي
    """
)
"""Somebody is away, and says so to whoever writes."""

DEFERS: Final = pattern(
    r"""
    (?:limited|no|intermittent|not have) access to (?:my )?(?:e-?)?mail
    in urgent (?:cases|matters)
    for urgent matters
    (?:read|answer|reply|respond|get back|look at|deal with)[^.?!]{0,40}(?:when|once|after|upon|\
    on) (?:i |my )?(?:return|(?:am|get|come) back)
    (?:not be|without being) (?:read|forwarded)
    deleted unread
    (?:please )?(?:contact|write to|turn to|call)[^.?!]{0,40} (?:instead|in my absence|while i)
    during my absence
    wird nicht (?:weitergeleitet|gelesen)
    nicht weitergeleitet
    in dringenden fae?llen
    vertret(?:ung|en)
    cas d'urgence
    (?:prendrai connaissance|repondrai)[^.?!]{0,60}(?:retour|des)
    per urgenze
    risponder(?:ò|o')[^.?!]{0,40}(?:rientro|ritorno|possibile)
    (?:caso|asuntos?) urgentes?
    respondere[^.?!]{0,40}(?:regreso|vuelta|vuelva)
    acceso al correo
    (?:casos?|assuntos?) urgentes?
    responderei[^.?!]{0,40}(?:regresso|retorno|volta)
    bij (?:dringende|spoed)
    beantwoord[^.?!]{0,40}terug
    bradskande
    svarar[^.?!]{0,30}(?:åter|tillbaka)
    i dringende tilfaelde
    kiireellisi
    w pilnych
    odpowiem
    v nalehav
    odpovim
    surgos
    in caz de urgen
    va fi citit
    θα απαντήσω
    acil
    по срочным
    отвечу
    відповім
    緊急
    急ぎ
    確認は
    緊急时
    尽快(?:回复|答复)
    尽快
    回覆您
    回复您
    급한
    답장
    سأرد
    אענה
    """
)
"""What is said to whoever wrote to somebody who is away."""

CREATED: Final = pattern(
    r"""
    (?:your|the|an?) (?:[\w-]+ ){0,4}(?:request|enquiry|inquiry|ticket|case|\
    incident)s?(?: [^.?!]{0,60})? (?:has been|was|have been) (?:successfully )?(?:received|\
    created|opened|logged|registered|submitted|assigned)
    (?:request|ticket|case|incident|message)[^.?!]{0,40} (?:has been|was)\
     (?:successfully )?(?:created|opened|logged|received)
    (?:ticket|anfrage|vorgang)[^.?!]{0,40}(?:wurde )?(?:eroe?ffnet|angelegt|erstellt|registriert)
    (?:demande|ticket)[^.?!]{0,40} a (?:bien )?ete (?:recu|enregistr|cre)
    (?:richiesta|ticket)[^.?!]{0,40} (?:(?:è|e') stat[oa] )?(?:pres[oa] in carico|ricevut[oa]|\
    creat[oa]|apert[oa])
    (?:solicitud|ticket|caso|consulta)[^.?!]{0,40} (?:ha sido|fue|se ha) (?:recibid|cread|\
    registrad|abiert)
    (?:solicitacao|chamado|ticket)[^.?!]{0,40} foi (?:recebid|criad|registrad|abert)
    (?:обращени|заявк|запрос)[^.?!]{0,40}(?:получен|принят|зарегистрирован|создан)
    受け?付け(?:ました|いたしました)
    来信已收到
    접수(?:되|하)
    """
)
"""A company's program says that it made a case of the mail."""

RECEIVED: Final = pattern(
    r"""
    we(?: have|'ve)? (?:just )?received your
    acknowledge (?:that we have |the |your )?(?:received|receipt)
    confirm(?:ing|s)? (?:the )?receipt
    thank(?:s| you) for (?:contacting|reaching out|getting in touch)
    your (?:message|e-?mail|request|enquiry|inquiry|note) has reached us
    (?:haben ihre|ihre) (?:anfrage|nachricht|e-?mail|mitteilung)[^.?!]{0,40}(?:erhalten|\
    eingegangen)
    avons bien recu
    accusons reception
    merci de nous avoir (?:contact|ecrit)
    abbiamo ricevuto (?:la (?:sua|tua|vostra)|il (?:suo|tuo|vostro))
    grazie per averci (?:contattat|scritt)
    (?:hemos recibido|recibimos) su
    gracias por (?:contactar|escribirnos|comunicarse)
    acuse de recibo
    recebemos (?:a )?(?:sua|o seu)
    obrigad[oa] por (?:entrar em contato|nos contatar|contactar)
    hebben (?:uw|je) (?:bericht|e-?mail|vraag|aanvraag)[^.?!]{0,30}ontvangen
    har (?:tagit emot|modtaget|mottatt)
    dziekujemy za (?:wiadomo|kontakt|zgloszenie)
    お問い?合わ?せ(?:を|いただき|ありがとう)
    """
)
"""A company's program says that the mail has come."""

PROMISES: Final = pattern(
    r"""
    (?:agents?|representatives?|staff|team|somebody|someone|human|\
    specialist)[^.?!]{0,40} will (?:be )?\
    (?:get(?:ting)? back|respond|reply|contact|review|follow|in touch|answer|send)
    we (?:will|'ll|aim to|try to|shall) (?:get back|respond|reply|answer|be in touch)
    will be (?:answered|reviewed|processed) (?:by|within|in|as)
    ##- ?please type your reply above
    (?:melden uns|kummern uns|werden (?:ihnen|uns)[^.?!]{0,40}(?:antworten|melden|bearbeiten))
    (?:nous|reviendrons|repondrons)[^.?!]{0,20}(?:reviendrons|repondrons|recontacterons|\
    vous repondra)
    (?:la|ti|le) (?:contatteremo|ricontatteremo|risponderemo)
    risponderemo
    (?:le|te|les) (?:responderemos|contactaremos|contestaremos)
    nos pondremos en contacto
    (?:entraremos em contato|entraremos em contacto|responderemos)
    (?:nemen|neemt)[^.?!]{0,30}contact (?:met u )?op
    (?:odpowiemy|skontaktujemy sie)
    担当者より
    ご連絡いたします
    """
)
"""... and that somebody will answer."""

CHALLENGES: Final = pattern(
    r"""
    (?:solve|complete|pass) (?:the |a |this )?captcha
    verify (?:that )?you(?:'re| are) (?:a )?(?:human|person|real)
    (?:confirm|verify) (?:that you (?:sent|wrote)|your (?:message|e-?mail|mail|identity|address))
    (?:your )?(?:message|mail|e-?mail)[^.?!]{0,60}(?:(?:was|is|has been) (?:placed|held|put|\
    stored|moved|waiting|quarantined)|(?:is|was) (?:waiting|on hold))
    not (?:yet )?(?:on|in) [^.?!]{0,30}(?:guest|white|allow|approved|safe|contact)[ -]?list
    (?:guest|white|allow|approved|safe)[ -]?list
    anti-?spam(?:[^.?!]{0,60})(?:confirm|click|verif|clique|link|reply)
    (?:digite|escriba|introduzca|inserisci|saisissez|geben sie)[^.?!]{0,30}(?:caracteres|\
    caratteri|caracteres|zeichen|codigo)
    (?:apenas|solo|seulement|nur) (?:uma vez|una vez|una volta|une fois|einmal)
    (?:only once|one[- ]time|just this once)
    challenge[- /]response
    (?:clique|haga clic|klicken sie|cliquez|clicca)[^.?!]{0,60}(?:confirm|bestae?tig|liber|\
    autori[zs])
    (?:mensagem|mensaje|nachricht|message|messaggio)[^.?!]{0,60}(?:retid[oa]|bloquead[oa]|\
    zurue?ckgehalten|en attente|in attesa|quarantena|quarentena|pendente)
    """
)
"""A program holds the mail back until its writer proves to be a person."""

READ: Final = pattern(
    r"""
    (?:was|has been) (?:read|displayed|opened|deleted without being read) (?:on|at|by)?
    has been displayed
    no guarantee that the (?:message|mail)
    return receipt for the mail
    wurde (?:am [^.?!]{0,40})?(?:gelesen|angezeigt|ungelesen geloe?scht)
    a ete lu
    (?:è|e') stato letto
    (?:ha sido|fue|se ha) leido
    foi lid[oa]
    is gelezen
    (?:är|er) l(?:ä|æ|ae|e)st
    zostala przeczytana
    прочитано
    を(?:開封|表示)
    已(?:被)?(?:阅读|閱讀)
    읽었
    """
)
"""A mail was opened: the text says so."""

PURCHASES: Final = pattern(
    r"""
    \b(?:orders?|ordered|parcels?|packages?|refunds?|deliver(?:y|ed|ies)|purchases?|bought|\
    invoices?|vouchers?)\b
    \b(?:shipment|shipped|checkout|courier|return label|tracking)\b
    \b(?:bestellung(?:en)?|bestellt|paket(?:e|s)?|sendung|liefer(?:ung|n|t|en)|rechnung|\
    ruckerstattung|gutschein|ware)\b
    \b(?:commandes?|commande|colis|livr(?:aison|er|ee?s?)|remboursement|rembourser|facture|\
    bon d'achat)\b
    \b(?:ordin[ei]|ordinato|pacc(?:o|hi)|consegna(?:to|re)?|spedizione|rimborso|fattura|\
    acquist[oi]|buono)\b
    \b(?:pedidos?|paquetes?|envios?|reembolso|factura|compra|devolucion|entrega[dr]?[ao]?)\b
    \b(?:encomendas?|compra|fatura|devolucao|vale)\b
    \b(?:pakket(?:je)?|pakje|levering|factuur|terugbetaling|zending)\b
    \b(?:order(?:n|en)|paket(?:et)?|pakken?|leverans(?:en)?|levering(?:en)?|faktura|ordre(?:n|\
    r)?)\b
    (?:zamowieni|paczk|zwrot pieni|faktur|przesylk|objednavk|zasilk|balik|rendeles|csomag|\
    comand[aă]|colet)
    (?:παραγγελ|δέμα|siparis|kargo|iade|fatura)
    (?:посылк|заказ|достав(?:к|ьт)|возврат|товар|замовленн|посилк)
    订单|訂單|包裹|退款|发货|發貨|快递|快遞|商品|注文|荷物|商品|返金|発送|届け|주문|배송|택배|\
    환불|상품
    (?:طلب|الطرد|شحن|استرداد)|(?:הזמנה|חבילה|משלוח|החזר)
    """
)
"""What customers write about, and hardly any program that answers or gives back a mail."""
